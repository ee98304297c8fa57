"""One tunnel's CHILD SAs and the rules for its packets, sans-IO.

Which SA sends: the first CHILD SA of a tunnel at once. One that replaces another (rekey) from its first
valid inbound packet on, which shows that the peer has it, or when the replaced one is removed (RFC 7296
section 2.8).
"""

from collections import Counter
from collections.abc import Callable, Sequence

from gateway.dataplane.bandwidth import TokenBucket
from gateway.dataplane.counters import Direction, DropReason, SaCounters, Tally, TunnelCounters
from gateway.dataplane.esp import Buffer, EspDrop, InboundSa, OutboundSa, SequenceExhausted
from gateway.dataplane.inner import LONGEST_SYN, PLAIN_IPV4, is_ipv4, is_tcp_syn_179
from ike.child_sa import EspParameters
from ike.path import Path

OnDrop = Callable[[DropReason, Direction, int, int], object]
"""Called with reason, direction, our SPI (0: none) and the number of packets."""


class Child:
    """One CHILD SA of a tunnel.

    Args:
        tunnel: Whose it is.
        params: Keys, SPIs and path.
        replaces: ``spi_in`` of the CHILD SA that it rekeys.

    Attributes:
        path: Where to send, ``local_port`` 0 for ESP without UDP.
    """

    def __init__(self, tunnel: "Tunnel", params: EspParameters, replaces: int | None) -> None:
        self.tunnel = tunnel
        self.spi_in = params.spi_in
        self.inbound = InboundSa(params)
        self.outbound = OutboundSa(params)
        self.replaces = replaces
        path = params.path
        self.path = path if params.udp_encapsulation else Path(path.local_ip, 0, path.remote_ip, 0)
        self._told: Counter[EspDrop] = Counter()

    def new_drops(self) -> Counter[EspDrop]:
        """Inbound drops since the last call."""
        drops = self.inbound.drops - self._told
        self._told = self.inbound.drops.copy()
        return drops


class Tunnel:
    """The packets of one tunnel, in both directions.

    Args:
        name: Of the tunnel.
        rate_mbps: Bandwidth tier, for each direction; None for no limit.
        now: Seconds on the clock that the other methods are called with.
        on_drop: Told about each kind of drop, after it was counted.
        on_tcp_syn_179: Told about inner TCP SYNs to port 179 that came out of the tunnel: (tunnel, packet).
    """

    def __init__(
        self,
        name: str,
        *,
        rate_mbps: int | None,
        now: float,
        on_drop: OnDrop,
        on_tcp_syn_179: Callable[[str, bytes], None],
    ) -> None:
        self.name = name
        self._on_drop = on_drop
        self._on_tcp_syn_179 = on_tcp_syn_179
        self._children: dict[int, Child] = {}
        self._sending: Child | None = None
        self._in, self._out = Tally(), Tally()
        self._bucket_in = None if rate_mbps is None else TokenBucket(rate_mbps, now)
        self._bucket_out = None if rate_mbps is None else TokenBucket(rate_mbps, now)

    def install(self, params: EspParameters, replaces: int | None) -> Child:
        """Add a CHILD SA; whether it sends at once is the rule at the top of this module."""
        child = Child(self, params, replaces)
        self._children[child.spi_in] = child
        if replaces not in self._children:
            self._sending = child
        return child

    def remove(self, child: Child) -> None:
        """Stop sending on a CHILD SA; packets that still arrive on it may be passed to ``inbound``."""
        if self._children.get(child.spi_in) is not child:
            return
        del self._children[child.spi_in]
        successors = [each for each in self._children.values() if each.replaces == child.spi_in]
        for successor in successors:
            successor.replaces = child.replaces
        if self._sending is child:
            self._sending = next(reversed(successors or list(self._children.values())), None)

    def outbound(self, packets: list[bytes], now: float) -> tuple[list[bytes], Path] | None:
        """Inner packets to ESP packets and where to send them; None when nothing is left to send."""
        allowed = [packet for packet in packets if packet[0] == PLAIN_IPV4 or is_ipv4(packet)]
        if len(allowed) < len(packets):
            self.drop(DropReason.NOT_IPV4, Direction.OUT, count=len(packets) - len(allowed))
        child = self._sending
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
        return (sealed, child.path) if sealed else None

    def inbound(self, child: Child, packets: Sequence[Buffer], now: float) -> list[bytes]:
        """ESP packets that carry ``child``'s SPI to the inner packets for the TUN device."""
        opened = child.inbound.open(packets)
        if len(opened) < len(packets):
            for reason, count in child.new_drops().items():
                self.drop(DropReason(reason.value), Direction.IN, count=count, spi=child.spi_in)
        if not opened:
            return opened
        if child is not self._sending and child.replaces is not None:
            self._switch(child)
        allowed = []
        for packet in opened:
            if packet[0] == PLAIN_IPV4 or is_ipv4(packet):
                allowed.append(packet)
                if len(packet) <= LONGEST_SYN and is_tcp_syn_179(packet):
                    self._on_tcp_syn_179(self.name, packet)
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
            sas=tuple(
                SaCounters(
                    spi_in=child.spi_in,
                    spi_out=child.outbound.spi,
                    sending=child is self._sending,
                    packets_in=child.inbound.packets,
                    bytes_in=child.inbound.bytes,
                    packets_out=child.outbound.packets,
                    bytes_out=child.outbound.bytes,
                )
                for child in self._children.values()
            ),
        )

    def _switch(self, child: Child) -> None:
        """A replacement's first valid packet: send on it from now on, if it is still wanted."""
        if self._children.get(child.spi_in) is child:
            self._sending = child
            child.replaces = None

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
