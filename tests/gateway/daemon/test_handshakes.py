"""What handshakes inside a tunnel become in the stream."""

from typing import Any

from gateway.daemon.handshakes import BURST, Handshakes
from gateway.dataplane.counters import Direction
from tests.gateway.dataplane.packets import tcp

TUNNEL = "branch/cpe/0"
SYN, SYN_ACK = 0x02, 0x12
MD5 = bytes([19, 18]) + bytes(16) + bytes(2)


class Watched:
    """A watch and what it published."""

    def __init__(self) -> None:
        self.records: list[tuple[str, str, dict[str, Any]]] = []
        self.now = 0.0
        self.watch = Handshakes(self._publish, lambda: self.now)

    def _publish(self, category: str, name: str, **data: object) -> None:
        self.records.append((category, name, data))

    def arrives(self, packet: bytes, direction: Direction = Direction.IN) -> None:
        self.watch.on_tcp_syn(TUNNEL, direction, packet)


def mss(octets: int) -> bytes:
    return bytes([2, 4]) + octets.to_bytes(2, "big")


def test_a_syn_to_port_179_is_told_with_its_ttl_and_signature() -> None:
    watched = Watched()
    watched.arrives(tcp(port=179, flags=SYN, options=MD5))
    ((category, name, data),) = watched.records
    assert (category, name) == ("bgp", "tcp_syn_seen")
    assert data == {
        "tunnel": TUNNEL,
        "source": "10.9.0.1:4000",
        "destination": "10.9.0.2:179",
        "ttl": 64,
        "authentication": "md5",
    }


def test_a_syn_to_port_179_says_nothing_about_the_segments_of_others() -> None:
    watched = Watched()
    watched.arrives(tcp(port=179, flags=SYN, options=mss(1460)))
    assert [name for _, name, _ in watched.records] == ["tcp_syn_seen"]


def test_a_syn_ack_out_of_the_tunnel_answers_no_syn_of_ours() -> None:
    watched = Watched()
    watched.arrives(tcp(port=50000, flags=SYN_ACK))
    assert [(category, name) for category, name, _ in watched.records] == [("edge", "syn_ack_without_syn")]


def test_only_segments_that_cannot_fit_are_told() -> None:
    watched = Watched()
    for octets in (1340, 1350, 1390, 1391, 1460):
        watched.arrives(tcp(port=80, flags=SYN, options=mss(octets)))
    watched.arrives(tcp(port=80, flags=SYN))
    assert [(name, data["mss"]) for _, name, data in watched.records] == [
        ("large_mss_offered", 1391),
        ("large_mss_offered", 1460),
    ]


def test_of_what_leaves_only_the_answers_of_bgp_are_told() -> None:
    watched = Watched()
    watched.arrives(bytes(tcp(port=50000, flags=SYN_ACK)), Direction.OUT)  # from port 4000
    watched.arrives(_from_port_179(tcp(port=50000, flags=SYN)), Direction.OUT)
    assert watched.records == []
    watched.arrives(_from_port_179(tcp(port=50000, flags=SYN_ACK)), Direction.OUT)
    ((category, name, data),) = watched.records
    assert (category, name, data["source"]) == ("bgp", "tcp_syn_answered", "10.9.0.1:179")


def test_a_flood_of_one_kind_neither_fills_the_stream_nor_hides_another() -> None:
    watched = Watched()
    for _ in range(1000):
        watched.arrives(tcp(port=80, flags=SYN, options=mss(1460)))
    assert len(watched.records) == BURST
    watched.arrives(tcp(port=179, flags=SYN))
    assert len(watched.records) == BURST + 1
    watched.now += 2
    watched.arrives(tcp(port=80, flags=SYN, options=mss(1460)))
    assert len(watched.records) == BURST + 2


def _from_port_179(packet: bytes) -> bytes:
    return packet[:20] + (179).to_bytes(2, "big") + packet[22:]
