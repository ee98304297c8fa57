"""The rules of one tunnel: which packets pass, what is counted, what is told."""

import struct

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.dataplane.counters import Direction, DropReason, SaCounters
from gateway.dataplane.esp import EspDrop, InboundSa
from ike.child_sa import EspParameters
from ike.path import Path
from tests.gateway.dataplane.one_tunnel import PACKET, PATH, OneTunnel, parameters, peer
from tests.gateway.dataplane.packets import ipv4, tcp

IPV6 = b"\x60" + bytes(39)
ELSEWHERE = PATH._replace(remote_port=1024)


def dummy() -> bytes:
    """The first packet of CHILD SA 1, with next header 59 (RFC 4303 section 2.6)."""
    key, head = parameters(1).encr_key_in, struct.pack("!IIQ", 0x1001, 1, 1)
    return head + AESGCM(key[:16]).encrypt(key[16:] + head[8:], bytes(10) + b"\0\x3b", head[:8])


def test_without_a_child_sa_packets_are_dropped(made: OneTunnel) -> None:
    made.remove(made.install(1))
    assert made.sends_on() is None
    assert made.tunnel.counters().drops_out == {DropReason.NO_SA: 1}


def test_with_udp_encapsulation_packets_go_along_the_path(made: OneTunnel) -> None:
    made.install(1)
    sending = made.tunnel.outbound([PACKET], 0.0)
    assert sending is not None
    assert sending[1] == PATH


def test_without_udp_encapsulation_the_ports_are_zero(made: OneTunnel) -> None:
    made.install(1, udp=False)
    sending = made.tunnel.outbound([PACKET], 0.0)
    assert sending is not None
    assert sending[1] == Path("198.51.100.20", 0, "198.51.100.10", 0)


def test_only_ipv4_goes_out(made: OneTunnel) -> None:
    made.install(1)
    sending = made.tunnel.outbound([IPV6, PACKET, IPV6], 0.0)
    assert sending is not None
    assert len(sending[0]) == 1
    assert made.tunnel.counters().drops_out == {DropReason.NOT_IPV4: 2}


def test_only_ipv4_comes_in(made: OneTunnel) -> None:
    child = made.install(1)
    assert made.receive(child, peer(1).seal([IPV6, PACKET])) == [PACKET]
    assert made.tunnel.counters().drops_in == {DropReason.NOT_IPV4: 1}


def test_every_reason_of_esp_has_the_same_name_in_the_counters() -> None:
    assert {reason.value for reason in EspDrop} <= {reason.value for reason in DropReason}


def test_packets_that_esp_refuses_are_counted_once_and_told_with_their_reason(made: OneTunnel) -> None:
    child = made.install(1)
    (packet,) = peer(1).seal([PACKET])
    made.receive(child, [packet, packet, packet[:-4]])
    made.receive(child, [packet])
    assert made.drops == [
        (DropReason.REPLAY, Direction.IN, 0x1001, 2),
        (DropReason.REPLAY, Direction.IN, 0x1001, 1),
    ]
    assert made.tunnel.counters().drops_in == {DropReason.REPLAY: 3}


def test_when_the_sequence_numbers_are_used_up_nothing_is_sent(made: OneTunnel) -> None:
    child = made.install(1)
    child.outbound.sequence = 2**32 - 2
    assert made.tunnel.outbound([PACKET, PACKET], 0.0) is None
    assert made.drops == [(DropReason.SEQUENCE_EXHAUSTED, Direction.OUT, 0x1001, 2)]


def test_beyond_the_bandwidth_tier_packets_are_dropped_before_they_use_a_sequence_number() -> None:
    made = OneTunnel(rate_mbps=1)
    child = made.install(1)
    sending = made.tunnel.outbound([ipv4(bytes(980))] * 10, 0.0)
    assert sending is not None
    assert len(sending[0]) == child.outbound.sequence == 6
    assert made.drops == [(DropReason.BANDWIDTH, Direction.OUT, 0, 4)]


def test_the_bandwidth_tier_holds_for_each_direction_on_its_own() -> None:
    made = OneTunnel(rate_mbps=1)
    child = made.install(1)
    batch = [ipv4(bytes(980))] * 10
    made.tunnel.outbound(batch, 0.0)
    assert len(made.receive(child, peer(1).seal(batch))) == 6
    assert made.drops[-1] == (DropReason.BANDWIDTH, Direction.IN, 0, 4)


def test_an_inbound_tcp_syn_is_told_and_passed_on(made: OneTunnel) -> None:
    child = made.install(1)
    syn = tcp(port=179, flags=0x02)
    assert made.receive(child, peer(1).seal([PACKET, syn])) == [PACKET, syn]
    assert made.syns == [("branch1/cpe1/0", Direction.IN, syn)]


def test_an_outbound_syn_ack_is_told_when_it_has_left(made: OneTunnel) -> None:
    syn_ack = tcp(port=50000, flags=0x12)
    made.tunnel.outbound([syn_ack], 0.0)
    assert made.syns == []
    made.install(1)
    made.tunnel.outbound([PACKET, syn_ack], 0.0)
    assert made.syns == [("branch1/cpe1/0", Direction.OUT, syn_ack)]


def test_counters_count_inner_packets_for_the_tunnel_and_for_each_child_sa(made: OneTunnel) -> None:
    old = made.install(1)
    made.tunnel.outbound([PACKET, PACKET], 0.0)
    made.remove(old)
    new = made.install(2)
    made.receive(new, peer(2).seal([PACKET]))
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
            path=PATH,
            heard_at=0.0,
            packets_in=1,
            bytes_in=size,
            packets_out=1,
            bytes_out=size,
        ),
    )


def test_what_goes_out_can_be_opened_by_the_peer(made: OneTunnel) -> None:
    made.install(1)
    sending = made.tunnel.outbound([PACKET], 0.0)
    ours = parameters(1)
    mirrored = {name: getattr(ours, name) for name in ours.__dataclass_fields__}
    mirrored |= {"spi_in": ours.spi_out, "encr_key_in": ours.encr_key_out}
    assert sending is not None
    assert InboundSa(EspParameters(**mirrored)).open(sending[0]) == [PACKET]


def test_a_packet_from_a_new_port_is_told_once(made: OneTunnel) -> None:
    child, cpe = made.install(1), peer(1)
    made.receive(child, cpe.seal([PACKET]))
    assert made.receive(child, cpe.seal([PACKET]), ELSEWHERE) == [PACKET]
    made.receive(child, cpe.seal([PACKET]), ELSEWHERE)
    assert made.moved == [(0x1001, ELSEWHERE)]


def test_telling_a_new_path_moves_nothing(made: OneTunnel) -> None:
    made.receive(made.install(1), peer(1).seal([PACKET]), ELSEWHERE)
    sending = made.tunnel.outbound([PACKET], 0.0)
    assert sending is not None
    assert sending[1] == PATH


def test_a_moved_child_sa_sends_along_the_new_path_and_tells_it_no_more(made: OneTunnel) -> None:
    child = made.install(1)
    child.move(ELSEWHERE, udp_encapsulation=True)
    made.receive(child, peer(1).seal([PACKET]), ELSEWHERE)
    sending = made.tunnel.outbound([PACKET], 0.0)
    assert sending is not None
    assert sending[1] == ELSEWHERE
    assert made.moved == []


def test_a_way_back_is_told_too(made: OneTunnel) -> None:
    child, cpe = made.install(1), peer(1)
    made.receive(child, cpe.seal([PACKET]), ELSEWHERE)
    child.move(ELSEWHERE, udp_encapsulation=True)
    made.receive(child, cpe.seal([PACKET]), PATH)
    assert made.moved == [(0x1001, ELSEWHERE), (0x1001, PATH)]


def test_a_late_packet_of_the_old_path_is_not_told(made: OneTunnel) -> None:
    child = made.install(1)
    late, early = peer(1).seal([PACKET, PACKET])
    made.receive(child, [early], ELSEWHERE)
    child.move(ELSEWHERE, udp_encapsulation=True)
    assert made.receive(child, [late], PATH) == [PACKET]
    assert made.moved == [(0x1001, ELSEWHERE)]


def test_a_replayed_packet_from_elsewhere_is_not_told(made: OneTunnel) -> None:
    child = made.install(1)
    packets = peer(1).seal([PACKET])
    made.receive(child, packets)
    assert made.receive(child, packets, ELSEWHERE) == []
    assert made.moved == []


def test_a_forged_packet_from_elsewhere_is_not_told(made: OneTunnel) -> None:
    child = made.install(1)
    (packet,) = peer(1).seal([PACKET])
    made.receive(child, [packet[:-1] + bytes([packet[-1] ^ 1])], ELSEWHERE)
    assert made.moved == []


def test_a_removed_child_sa_tells_no_new_path(made: OneTunnel) -> None:
    child = made.install(1)
    made.remove(child)
    assert made.receive(child, peer(1).seal([PACKET]), ELSEWHERE) == [PACKET]
    assert made.moved == []


def test_esp_without_udp_tells_no_new_path(made: OneTunnel) -> None:
    child = made.install(1, udp=False)
    assert made.receive(child, peer(1).seal([PACKET]), ELSEWHERE) == [PACKET]
    assert made.moved == []


def test_a_child_sa_was_heard_when_its_last_authentic_packet_came(made: OneTunnel) -> None:
    child, cpe = made.install(1), peer(1)
    assert child.heard_at is None
    made.now = 5.0
    packets = cpe.seal([PACKET])
    made.receive(child, packets)
    made.now = 6.0
    made.receive(child, packets)
    made.receive(child, [bytes(48)])
    assert child.heard_at == 5.0


def test_cover_traffic_counts_as_a_sign_of_life(made: OneTunnel) -> None:
    child = made.install(1)
    made.now = 7.0
    assert made.receive(child, [dummy()]) == []
    assert child.heard_at == 7.0


def test_cover_traffic_in_the_same_batch_as_forgeries_counts_as_a_sign_of_life(made: OneTunnel) -> None:
    child = made.install(1)
    made.now = 7.0
    made.receive(child, [bytes(48), dummy(), bytes(47)])
    assert child.heard_at == 7.0
