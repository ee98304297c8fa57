"""A captured run: tshark decrypts it with the key tables that we write, scapy reads the messages as we do."""

import pytest
from scapy.contrib.ikev2 import IKEv2
from scapy.packet import NoPayload, Packet

from gateway.lab.gateway_node import UP
from gateway.lab.netns import NetnsBackend
from gateway.lab.runner import run_scenario
from gateway.lab.scenario import load
from ike.codec import parse_message
from ike.constants import ExchangeType, PayloadType
from tests.interop.captured import Capture, capture_with_keys

pytestmark = pytest.mark.interop

ONE_PING = [{"from": "host", "ping": "52.96.0.1"}]


CIPHERS = {
    "GCM": ("aes256gcm16-prfsha384-modp2048", "aes256gcm16"),
    "CBC": ("aes128-sha256-modp2048s256", "aes128gcm16"),
}


@pytest.fixture(scope="module", params=list(CIPHERS.values()), ids=list(CIPHERS))
def capture(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Capture:
    """A CPE that connects, rekeys both SAs, pings and goes."""
    ike, esp = request.param
    scenario = load("basic", {"traffic": ONE_PING, "cpe": {"ike": ike, "esp": esp}})
    run = run_scenario(
        scenario,
        gateway_command=(*NetnsBackend.gsalab, *UP, "--keylog", "/run/keys"),
        during=capture_with_keys,
    )
    return Capture.of(run.extra, tmp_path_factory.mktemp("capture"))


def test_tshark_decrypts_every_ike_message(capture: Capture) -> None:
    rows = capture.tshark("isakmp && isakmp.exchangetype != 34", "isakmp.exchangetype", "isakmp.typepayload")
    protected = [row for row in rows if row[0] in {"35", "36", "37"}]
    assert {row[0] for row in protected} == {"35", "36", "37"}
    types = {
        exchange: {t for row in protected if row[0] == exchange for t in row[1].split(",")}
        for exchange in ["35", "36", "37"]
    }
    assert {str(int(t)) for t in (PayloadType.IDi, PayloadType.AUTH, PayloadType.TSi)} <= types["35"]
    assert str(int(PayloadType.NONCE)) in types["36"]
    assert str(int(PayloadType.DELETE)) in types["37"]


def test_tshark_decrypts_esp_in_both_directions_and_finds_every_icv_good(capture: Capture) -> None:
    pings = capture.tshark("esp && icmp", "icmp.type")
    assert sorted({row[0] for row in pings}) == ["0", "8"]
    assert capture.tshark("esp && esp.icv_bad == 1", "frame.number") == []


def scapy_payload_types(packet: Packet) -> list[int]:
    """The payload types of a message in the clear, as scapy walks them; SK ends the chain."""
    types, layer = [], packet
    while layer.next_payload:
        types.append(layer.next_payload)
        if layer.next_payload == PayloadType.SK:
            break
        layer = layer.payload
        if isinstance(layer, NoPayload):
            break
    return types


def test_scapy_reads_every_message_as_our_codec_does(capture: Capture) -> None:
    exchanges = set()
    for data in capture.ike_messages():
        ours, theirs = parse_message(data), IKEv2(data)
        exchanges.add(ours.header.exchange)
        assert (theirs.init_SPI, theirs.resp_SPI) == (ours.header.spi_i, ours.header.spi_r)
        assert (theirs.exch_type, theirs.id, theirs.length) == (
            ours.header.exchange,
            ours.header.message_id,
            ours.header.length,
        )
        assert int(theirs.flags) == ours.header.flags
        assert scapy_payload_types(theirs) == [payload.type for payload in ours.payloads]
    assert exchanges == {int(exchange) for exchange in ExchangeType}
