"""The rules of one tunnel: which CHILD SA sends, and which packets pass."""

from typing import Any

import pytest

from gateway.dataplane.counters import Direction, DropReason, SaCounters
from gateway.dataplane.esp import EspDrop, InboundSa, OutboundSa
from gateway.dataplane.tunnel import Child, Tunnel
from ike.child_sa import EspParameters
from ike.constants import Encr
from ike.path import Path
from tests.gateway.dataplane.packets import ipv4, tcp

PATH = Path("198.51.100.20", 4500, "198.51.100.10", 4500)
PACKET = ipv4(b"hello")
IPV6 = b"\x60" + bytes(39)


def parameters(number: int, *, udp: bool = True) -> EspParameters:
    """Our end of CHILD SA ``number``."""
    return EspParameters(
        spi_in=0x1000 + number,
        spi_out=0x2000 + number,
        encr=Encr.AES_GCM_16,
        encr_key_bits=128,
        integ=None,
        encr_key_in=bytes([number]) * 20,
        integ_key_in=b"",
        encr_key_out=bytes([number + 100]) * 20,
        integ_key_out=b"",
        esn=False,
        udp_encapsulation=udp,
        path=PATH,
    )


def peer(number: int) -> OutboundSa:
    """The sending half of the peer's end."""
    ours = parameters(number)
    mirrored: dict[str, Any] = {
        **{name: getattr(ours, name) for name in ours.__dataclass_fields__},
        "spi_out": ours.spi_in,
        "encr_key_out": ours.encr_key_in,
    }
    return OutboundSa(EspParameters(**mirrored))


class Fixture:
    """A tunnel and what it told."""

    def __init__(self, rate_mbps: int | None = None) -> None:
        self.drops: list[tuple[DropReason, Direction, int, int]] = []
        self.syns: list[tuple[str, bytes]] = []
        self.tunnel = Tunnel(
            "branch1/cpe1/0",
            rate_mbps=rate_mbps,
            now=0.0,
            on_drop=lambda *drop: self.drops.append(drop),
            on_tcp_syn_179=lambda *syn: self.syns.append(syn),
        )

    def install(self, number: int, replaces: int | None = None) -> Child:
        """Install CHILD SA ``number``, which replaces another number."""
        return self.tunnel.install(parameters(number), None if replaces is None else 0x1000 + replaces)

    def sends_on(self) -> int | None:
        """The number of the CHILD SA that a packet goes out on."""
        sending = self.tunnel.outbound([PACKET], 0.0)
        return None if sending is None else int.from_bytes(sending[0][0][:4], "big") - 0x2000


@pytest.fixture
def made() -> Fixture:
    return Fixture()


def test_the_first_child_sa_sends_at_once(made: Fixture) -> None:
    made.install(1)
    assert made.sends_on() == 1


def test_a_second_child_sa_that_replaces_none_sends_at_once(made: Fixture) -> None:
    made.install(1)
    made.install(2)
    assert made.sends_on() == 2


def test_a_replacement_waits(made: Fixture) -> None:
    made.install(1)
    made.install(2, replaces=1)
    assert made.sends_on() == 1


def test_a_replacement_sends_after_its_first_valid_packet(made: Fixture) -> None:
    made.install(1)
    new = made.install(2, replaces=1)
    assert made.tunnel.inbound(new, peer(2).seal([PACKET]), 0.0) == [PACKET]
    assert made.sends_on() == 2


def test_a_forged_packet_does_not_make_a_replacement_send(made: Fixture) -> None:
    made.install(1)
    new = made.install(2, replaces=1)
    (forged,) = peer(2).seal([PACKET])
    assert made.tunnel.inbound(new, [forged[:-1] + b"\x00"], 0.0) == []
    assert made.sends_on() == 1


def test_a_replacement_sends_when_the_replaced_one_is_removed(made: Fixture) -> None:
    old = made.install(1)
    made.install(2, replaces=1)
    made.tunnel.remove(old)
    assert made.sends_on() == 2


def test_a_replacement_of_one_that_is_gone_sends_at_once(made: Fixture) -> None:
    made.tunnel.remove(made.install(1))
    made.install(2, replaces=1)
    assert made.sends_on() == 2


def test_late_packets_on_the_old_child_sa_pass_and_change_nothing(made: Fixture) -> None:
    old = made.install(1)
    made.install(2, replaces=1)
    made.tunnel.remove(old)
    assert made.tunnel.inbound(old, peer(1).seal([PACKET]), 0.0) == [PACKET]
    assert made.sends_on() == 2


def test_a_replacement_that_is_removed_before_its_use_leaves_the_old_one_sending(made: Fixture) -> None:
    made.install(1)
    new = made.install(2, replaces=1)
    made.tunnel.remove(new)
    assert made.tunnel.inbound(new, peer(2).seal([PACKET]), 0.0) == [PACKET]
    assert made.sends_on() == 1


def test_a_chain_of_replacements_ends_at_the_last(made: Fixture) -> None:
    first = made.install(1)
    second = made.install(2, replaces=1)
    made.install(3, replaces=2)
    made.tunnel.remove(second)
    assert made.sends_on() == 1
    made.tunnel.remove(first)
    assert made.sends_on() == 3


def test_when_the_newest_is_removed_an_older_one_sends_again(made: Fixture) -> None:
    made.install(1)
    made.tunnel.remove(made.install(2))
    assert made.sends_on() == 1


def test_without_a_child_sa_packets_are_dropped(made: Fixture) -> None:
    made.tunnel.remove(made.install(1))
    assert made.sends_on() is None
    assert made.tunnel.counters().drops_out == {DropReason.NO_SA: 1}


def test_with_udp_encapsulation_packets_go_along_the_path(made: Fixture) -> None:
    made.install(1)
    sending = made.tunnel.outbound([PACKET], 0.0)
    assert sending is not None
    assert sending[1] == PATH


def test_without_udp_encapsulation_the_ports_are_zero(made: Fixture) -> None:
    made.tunnel.install(parameters(1, udp=False), None)
    sending = made.tunnel.outbound([PACKET], 0.0)
    assert sending is not None
    assert sending[1] == Path("198.51.100.20", 0, "198.51.100.10", 0)


def test_only_ipv4_goes_out(made: Fixture) -> None:
    made.install(1)
    sending = made.tunnel.outbound([IPV6, PACKET, IPV6], 0.0)
    assert sending is not None
    assert len(sending[0]) == 1
    assert made.tunnel.counters().drops_out == {DropReason.NOT_IPV4: 2}


def test_only_ipv4_comes_in(made: Fixture) -> None:
    child = made.install(1)
    assert made.tunnel.inbound(child, peer(1).seal([IPV6, PACKET]), 0.0) == [PACKET]
    assert made.tunnel.counters().drops_in == {DropReason.NOT_IPV4: 1}


def test_every_reason_of_esp_has_the_same_name_in_the_counters() -> None:
    assert {reason.value for reason in EspDrop} <= {reason.value for reason in DropReason}


def test_packets_that_esp_refuses_are_counted_once_and_told_with_their_reason(made: Fixture) -> None:
    child = made.install(1)
    (packet,) = peer(1).seal([PACKET])
    made.tunnel.inbound(child, [packet, packet, packet[:-4]], 0.0)
    made.tunnel.inbound(child, [packet], 0.0)
    assert made.drops == [
        (DropReason.REPLAY, Direction.IN, 0x1001, 2),
        (DropReason.REPLAY, Direction.IN, 0x1001, 1),
    ]
    assert made.tunnel.counters().drops_in == {DropReason.REPLAY: 3}


def test_when_the_sequence_numbers_are_used_up_nothing_is_sent(made: Fixture) -> None:
    child = made.install(1)
    child.outbound.sequence = 2**32 - 2
    assert made.tunnel.outbound([PACKET, PACKET], 0.0) is None
    assert made.drops == [(DropReason.SEQUENCE_EXHAUSTED, Direction.OUT, 0x1001, 2)]


def test_beyond_the_bandwidth_tier_packets_are_dropped_before_they_use_a_sequence_number() -> None:
    made = Fixture(rate_mbps=1)
    child = made.install(1)
    sending = made.tunnel.outbound([ipv4(bytes(980))] * 10, 0.0)
    assert sending is not None
    assert len(sending[0]) == child.outbound.sequence == 6
    assert made.drops == [(DropReason.BANDWIDTH, Direction.OUT, 0, 4)]


def test_the_bandwidth_tier_holds_for_each_direction_on_its_own() -> None:
    made = Fixture(rate_mbps=1)
    child = made.install(1)
    batch = [ipv4(bytes(980))] * 10
    made.tunnel.outbound(batch, 0.0)
    assert len(made.tunnel.inbound(child, peer(1).seal(batch), 0.0)) == 6
    assert made.drops[-1] == (DropReason.BANDWIDTH, Direction.IN, 0, 4)


def test_an_inbound_bgp_syn_is_told_and_passed_on(made: Fixture) -> None:
    child = made.install(1)
    syn = tcp(port=179, flags=0x02)
    assert made.tunnel.inbound(child, peer(1).seal([PACKET, syn]), 0.0) == [PACKET, syn]
    assert made.syns == [("branch1/cpe1/0", syn)]


def test_an_outbound_bgp_syn_is_not_told(made: Fixture) -> None:
    made.install(1)
    made.tunnel.outbound([tcp(port=179, flags=0x02)], 0.0)
    assert made.syns == []


def test_counters_count_inner_packets_for_the_tunnel_and_for_each_child_sa(made: Fixture) -> None:
    old = made.install(1)
    made.tunnel.outbound([PACKET, PACKET], 0.0)
    made.tunnel.remove(old)
    new = made.install(2)
    made.tunnel.inbound(new, peer(2).seal([PACKET]), 0.0)
    made.tunnel.outbound([PACKET], 0.0)
    counters = made.tunnel.counters()
    size = len(PACKET)
    assert (counters.packets_out, counters.bytes_out) == (3, 3 * size)
    assert (counters.packets_in, counters.bytes_in) == (1, size)
    assert counters.sas == (
        SaCounters(
            spi_in=0x1002,
            spi_out=0x2002,
            sending=True,
            packets_in=1,
            bytes_in=size,
            packets_out=1,
            bytes_out=size,
        ),
    )


def test_what_goes_out_can_be_opened_by_the_peer(made: Fixture) -> None:
    made.install(1)
    sending = made.tunnel.outbound([PACKET], 0.0)
    ours = parameters(1)
    mirrored = {name: getattr(ours, name) for name in ours.__dataclass_fields__}
    mirrored |= {"spi_in": ours.spi_out, "encr_key_in": ours.encr_key_out}
    assert sending is not None
    assert InboundSa(EspParameters(**mirrored)).open(sending[0]) == [PACKET]
