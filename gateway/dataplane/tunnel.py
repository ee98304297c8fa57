"""The rules for the packets of one tunnel, sans-IO; ``children`` says which of its CHILD SAs sends."""

from collections.abc import Callable, Sequence

from gateway.dataplane.bandwidth import TokenBucket
from gateway.dataplane.children import Child, Children
from gateway.dataplane.counters import Direction, DropReason, Tally, TunnelCounters
from gateway.dataplane.esp import Buffer, EspDrop, SequenceExhausted
from gateway.dataplane.inner import LONGEST_SYN, PLAIN_IPV4, is_ipv4, is_tcp_syn
from ike.child_sa import EspParameters
from ike.path import Path

OnDrop = Callable[[DropReason, Direction, int, int], object]
"""Called with reason, direction, our SPI (0: none) and the number of packets."""
OnTcpSyn = Callable[[str, Direction, bytes], object]
"""Called with the tunnel, the direction and the inner packet."""
OnMoved = Callable[[int, Path], object]
"""Called with our SPI and the path that the peer's newest packet came along."""

_UNPROVEN = (EspDrop.MALFORMED, EspDrop.REPLAY, EspDrop.AUTHENTICATION)
"""Drops of packets that need not be the peer's, or not new."""


class Tunnel:
    """The packets of one tunnel, in both directions.

    Args:
        name: Of the tunnel.
        rate_mbps: Bandwidth tier, for each direction; None for no limit.
        now: Seconds on the clock that the other methods are called with.
        on_drop: Told about each kind of drop, after it was counted.
        on_tcp_syn: Told about inner TCP SYNs and SYN-ACKs of both directions.
        on_moved: Told when the peer's newest ESP packet in UDP came along another path than we send on, once
            for each change (RFC 7296 section 2.23).
    """

    def __init__(
        self,
        name: str,
        *,
        rate_mbps: int | None,
        now: float,
        on_drop: OnDrop,
        on_tcp_syn: OnTcpSyn,
        on_moved: OnMoved,
    ) -> None:
        self.name = name
        self._on_drop = on_drop
        self._on_tcp_syn = on_tcp_syn
        self._on_moved = on_moved
        self._children = Children()
        self._in, self._out = Tally(), Tally()
        self._bucket_in = None if rate_mbps is None else TokenBucket(rate_mbps, now)
        self._bucket_out = None if rate_mbps is None else TokenBucket(rate_mbps, now)

    def install(
        self, params: EspParameters, replaces: int | None, *, now: float, initiated_by_us: bool = False
    ) -> Child:
        """Add a CHILD SA; whether it sends at once is the rule of ``Children``."""
        child = Child(params)
        self._children.add(child, replaces, initiated_by_us=initiated_by_us, now=now)
        return child

    def remove(self, child: Child, now: float) -> None:
        """Stop sending on a CHILD SA; packets that still arrive on it may be passed to ``inbound``."""
        self._children.remove(child, now)

    def outbound(self, packets: list[bytes], now: float) -> tuple[list[bytes], Path] | None:
        """Inner packets to ESP packets and where to send them; None when nothing is left to send."""
        allowed = [packet for packet in packets if packet[0] == PLAIN_IPV4 or is_ipv4(packet)]
        if len(allowed) < len(packets):
            self.drop(DropReason.NOT_IPV4, Direction.OUT, count=len(packets) - len(allowed))
        if now >= self._children.due:
            self._children.choose(now)
        child = self._children.sending
        if child is None:
            self.drop(DropReason.NO_SA, Direction.OUT, count=len(allowed))
            return None
        allowed, octets = self._admit(self._bucket_out, allowed, Direction.OUT, now)
        try:
            sealed = child.outbound.seal(allowed)
        except SequenceExhausted:
            self.drop(DropReason.SEQUENCE_EXHAUSTED, Direction.OUT, count=len(allowed), spi=child.spi_in)
            return None
        self._out.packets += len(allowed)
        self._out.bytes += octets
        for packet in allowed:
            if len(packet) <= LONGEST_SYN and is_tcp_syn(packet):
                self._on_tcp_syn(self.name, Direction.OUT, packet)
        return (sealed, child.path) if sealed else None

    def inbound(self, child: Child, packets: Sequence[Buffer], path: Path, now: float) -> list[bytes]:
        """ESP packets that carry ``child``'s SPI and came along ``path`` to inner packets for the device."""
        top = child.inbound.window.top
        opened = child.inbound.open(packets)
        authentic = len(opened)
        if authentic < len(packets):
            authentic = self._drop_refused(child, len(packets))
        if not authentic:
            return opened
        child.heard_at = now
        if child.ready_at > now:
            self._children.proven(child, now)
        if path != child.source and child.inbound.window.top > top:
            self._follow(child, path)
        allowed = []
        for packet in opened:
            if packet[0] == PLAIN_IPV4 or is_ipv4(packet):
                allowed.append(packet)
                if len(packet) <= LONGEST_SYN and is_tcp_syn(packet):
                    self._on_tcp_syn(self.name, Direction.IN, packet)
        if len(allowed) < len(opened):
            self.drop(DropReason.NOT_IPV4, Direction.IN, count=len(opened) - len(allowed), spi=child.spi_in)
        allowed, octets = self._admit(self._bucket_in, allowed, Direction.IN, now)
        self._in.packets += len(allowed)
        self._in.bytes += octets
        return allowed

    def drop(self, reason: DropReason, direction: Direction, *, count: int, spi: int = 0) -> None:
        """Count dropped packets and tell about them."""
        if count:
            tally = self._in if direction is Direction.IN else self._out
            tally.drops[reason] += count
            self._on_drop(reason, direction, spi, count)

    def counters(self) -> TunnelCounters:
        """A snapshot."""
        return TunnelCounters(
            packets_in=self._in.packets,
            bytes_in=self._in.bytes,
            packets_out=self._out.packets,
            bytes_out=self._out.bytes,
            drops_in=dict(self._in.drops),
            drops_out=dict(self._out.drops),
            sas=tuple(child.counters(sending=child is self._children.sending) for child in self._children),
        )

    def _drop_refused(self, child: Child, received: int) -> int:
        """Count what ESP refused of so many packets; how many of them were the peer's all the same."""
        drops = child.new_drops()
        for reason, count in drops.items():
            self.drop(DropReason(reason.value), Direction.IN, count=count, spi=child.spi_in)
        return received - sum(drops[reason] for reason in _UNPROVEN)

    def _follow(self, child: Child, path: Path) -> None:
        """The newest packet came from elsewhere than the one before. Without UDP no NAT maps it to a port."""
        child.source = path
        in_udp = child.udp_encapsulation and path.local_port
        if in_udp and path != child.path and child in self._children:
            self._on_moved(child.spi_in, path)

    def _admit(
        self, bucket: TokenBucket | None, packets: list[bytes], direction: Direction, now: float
    ) -> tuple[list[bytes], int]:
        """What the bandwidth tier lets through, and its octets."""
        octets = sum(map(len, packets))
        if bucket is None:
            return packets, octets
        admitted = bucket.admit(packets, octets, now)
        if len(admitted) == len(packets):
            return packets, octets
        self.drop(DropReason.BANDWIDTH, direction, count=len(packets) - len(admitted))
        return admitted, sum(map(len, admitted))
