"""The probe against the responder in memory: what it offers, what it says, how often it asks."""

import pytest

from gateway.dataplane.esp import InboundSa, OutboundSa
from gateway.endpoint.datagrams import NON_ESP_MARKER
from gateway.lab.probe.attempt import IKE_PORT, NATT_PORT
from gateway.lab.probe.core import (
    AGAIN_SECONDS,
    ESP,
    PING_SECONDS,
    PINGS_UNTIL_TOLD,
    RETRANSMIT_SECONDS,
    TRIES,
)
from gateway.lab.probe.proposals import Offer
from ike.codec import parse_header
from ike.events import (
    ChildSaEstablished,
    IkeSaClosed,
    IkeSaEstablished,
    LivenessChecked,
    NatDetection,
    OwnRequestRefused,
    ProposalsEvaluated,
    RequestRefused,
)
from tests.gateway.lab.probe.line import OURS, THEIRS, Line


def spi_of(datagram: tuple[int, bytes]) -> bytes:
    """The initiator's SPI of an IKE message on port 500."""
    return parse_header(datagram[1]).spi_i


def test_without_a_nat_everything_but_esp_goes_over_udp_500_and_esp_without_udp() -> None:
    line = Line()
    (ping,) = line.connect()
    assert ping[0] == ESP
    assert line.world.last(ChildSaEstablished).udp_encapsulation is False
    (packet,) = InboundSa(line.gateways_esp.esp).open([ping[1]])
    assert (packet[12:16], packet[16:20]) == (OURS.packed, THEIRS.packed)
    assert "[IKE] IKE_SA established between 203.0.113.10 and 198.51.100.20" in line.log
    assert "[IKE] CHILD_SA established: AES_GCM_16-256 / NO_ESN" in line.log


def counted(line: Line) -> list[str]:
    """What it tells of its counters, long after the CHILD SA came up."""
    for _ in range(2 * PINGS_UNTIL_TOLD):
        assert [port for port, _ in line.pass_time(PING_SECONDS)] == [ESP]
    return [text for text in line.log if text.endswith("received")]


def test_it_pings_every_second_and_tells_its_counters_once() -> None:
    line = Line()
    line.connect()
    assert counted(line) == [f"[ESP] {PINGS_UNTIL_TOLD} packets sent, 0 received"]


def test_what_comes_by_esp_is_counted() -> None:
    line = Line()
    (ping,) = line.connect()
    keys = line.gateways_esp.esp
    for packet in OutboundSa(keys).seal(InboundSa(keys).open([ping[1]]) * 2):
        line.probe.receive(ESP, packet, line.world.now)
    assert counted(line) == [f"[ESP] {PINGS_UNTIL_TOLD} packets sent, 2 received"]


def test_esp_of_another_sa_and_a_damaged_packet_are_not_counted() -> None:
    line = Line()
    (ping,) = line.connect()
    keys = line.gateways_esp.esp
    (packet,) = OutboundSa(keys).seal(InboundSa(keys).open([ping[1]]))
    line.probe.receive(ESP, b"\x00\x00\x01\x00" + packet[4:], line.world.now)
    line.probe.receive(ESP, packet[:-1] + bytes([packet[-1] ^ 1]), line.world.now)
    assert counted(line) == [f"[ESP] {PINGS_UNTIL_TOLD} packets sent, 0 received"]


@pytest.mark.parametrize(
    ("offer", "seen"),
    [
        (
            {"ENCR": "AES_GCM_16-256", "INTEG": "HMAC_SHA2_256_128", "ESN": "NO_ESN"},
            "AES_GCM_16-256 / HMAC_SHA2_256_128 / NO_ESN",
        ),
        ({"ENCR": "AES_GCM_16", "ESN": "NO_ESN"}, "AES_GCM_16 / NO_ESN"),
    ],
)
def test_a_refused_child_sa_leaves_the_ike_sa(offer: Offer, seen: str) -> None:
    line = Line(esp=[offer])
    assert line.connect() == []
    assert line.world.last(ProposalsEvaluated).verdicts[0].offered == seen
    assert line.world.last(RequestRefused).notify == "NO_PROPOSAL_CHOSEN"
    assert f"[CFG] IKE_AUTH offers ESP: {seen}" in line.log
    assert line.log[-1] == "[IKE] received NO_PROPOSAL_CHOSEN notify: no CHILD_SA, the IKE_SA stays"
    assert len(line.world.sas) == 1
    assert line.pass_time(60) == []


def test_several_proposals_are_offered_in_their_order() -> None:
    line = Line(esp=[{"ENCR": "AES_CBC-256", "ESN": "NO_ESN"}, {"ENCR": "AES_GCM_16-256", "ESN": ["ESN"]}])
    line.connect()
    assert [verdict.number for verdict in line.world.last(ProposalsEvaluated).verdicts] == [1, 2]
    assert line.world.last(ChildSaEstablished).suite == "AES_GCM_16-256 / ESN"


def test_refused_in_ike_sa_init_it_begins_anew_after_some_seconds() -> None:
    line = Line(ike=[{"ENCR": "AES_CBC-256", "PRF": "HMAC_SHA1", "INTEG": "HMAC_SHA1_96", "DH": "MODP_1024"}])
    (first,) = line.pass_time()
    assert line.deliver([first]) == []
    assert line.log[-1] == "[IKE] received NO_PROPOSAL_CHOSEN notify"
    assert line.pass_time(AGAIN_SECONDS - 0.1) == []
    (second,) = line.pass_time(0.1)
    assert spi_of(second) != spi_of(first)


def test_a_key_that_differs_is_told_and_tried_again() -> None:
    line = Line(psk="another key")
    line.connect()
    assert "[IKE] received AUTHENTICATION_FAILED notify" in line.log
    assert line.world.of(IkeSaEstablished) == []
    assert [port for port, _ in line.pass_time(AGAIN_SECONDS)] == [IKE_PORT]


def test_without_an_answer_the_same_request_is_sent_again_and_then_a_new_attempt_made() -> None:
    line = Line()
    (first,) = line.pass_time()
    for _ in range(TRIES - 1):
        assert line.pass_time(RETRANSMIT_SECONDS) == [first]
    assert line.pass_time(RETRANSMIT_SECONDS) == []
    assert line.log[-1] == f"[IKE] giving up after {TRIES} tries: no answer to IKE_SA_INIT"
    (again,) = line.pass_time(AGAIN_SECONDS)
    assert spi_of(again) != spi_of(first)


def test_behind_a_nat_ike_and_esp_go_over_udp_4500() -> None:
    line = Line(address="192.168.1.2")
    (init,) = line.pass_time()
    (auth,) = line.deliver([init])
    assert (auth[0], auth[1][:4]) == (NATT_PORT, NON_ESP_MARKER)
    assert line.world.last(NatDetection).status.remote_behind_nat
    line.deliver([auth])
    (ping,) = line.pass_time()
    assert ping[0] == NATT_PORT
    assert InboundSa(line.gateways_esp.esp).open([ping[1]])


def test_it_answers_a_liveness_check() -> None:
    line = Line()
    line.connect()
    line.world.responder.probe(line.world.sas[0], line.world.now)
    line.back(line.world.take())
    line.deliver(line.probe.to_send())
    assert [event.by_peer for event in line.world.of(LivenessChecked)] == [False]


def test_it_rekeys_nothing() -> None:
    line = Line()
    line.connect()
    line.world.responder.rekey_child(line.world.last(ChildSaEstablished).spi_in, line.world.now)
    line.back(line.world.take())
    line.deliver(line.probe.to_send())
    assert line.world.last(OwnRequestRefused).notify == "NO_ADDITIONAL_SAS"


def test_a_delete_is_answered_and_the_tunnel_opened_again() -> None:
    line = Line()
    line.connect()
    line.world.responder.delete(line.world.sas[0], line.world.now)
    line.back(line.world.take())
    line.deliver(line.probe.to_send())
    assert line.world.sas == []
    assert [port for port, _ in line.pass_time(AGAIN_SECONDS)] == [IKE_PORT]


def test_it_ends_with_a_delete() -> None:
    line = Line()
    line.connect()
    line.probe.stop(line.world.now)
    assert line.deliver(line.probe.to_send()) == []
    assert line.probe.ended
    assert line.world.sas == []
    assert "deleted" in line.world.last(IkeSaClosed).reason


def test_it_does_not_wait_long_for_the_answer_to_its_delete() -> None:
    line = Line()
    line.connect()
    line.probe.stop(line.world.now)
    assert len(line.probe.to_send()) == 1
    assert line.pass_time(RETRANSMIT_SECONDS) == []
    assert line.probe.ended


def test_without_an_ike_sa_it_ends_at_once() -> None:
    line = Line()
    line.pass_time()
    line.probe.stop(line.world.now)
    assert line.probe.ended
    assert line.probe.to_send() == []


def test_what_is_not_for_it_is_ignored() -> None:
    line = Line()
    (init,) = line.pass_time()
    line.probe.receive(IKE_PORT, bytes(8) + init[1][8:], line.world.now)
    assert line.deliver([init]) != []
