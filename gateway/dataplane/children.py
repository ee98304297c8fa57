"""The CHILD SAs of one tunnel, and which of them sends, sans-IO.

All of them receive. The newest one that may send does. A replacement (rekey) counts as being as old as what
it replaces, so that rekeying one of several does not make it the newest. When a CHILD SA may send follows
RFC 7296 section 2.8:

    the only one            at once
    one that we asked for   at once: the peer had it before it answered
    one that the peer       from its first valid inbound packet, or when the replaced one is removed
    puts in another's place
    one that the peer       from its first valid inbound packet, or after ``SETTLE``
    puts beside others
"""

import math
from collections import Counter
from collections.abc import Iterator
from itertools import count

from gateway.dataplane.counters import SaCounters
from gateway.dataplane.esp import EspDrop, InboundSa, OutboundSa
from ike.child_sa import EspParameters
from ike.path import Path

SETTLE = 1.0
"""Seconds after which a CHILD SA beside others sends without a packet received: the peer may have none.

Not at once: a re-authentication that makes the new IKE SA before it breaks the old one must lose nothing, and
the peer installs the new CHILD SA only when it has our response.
"""


class Child:
    """One CHILD SA of a tunnel.

    Args:
        params: Keys, SPIs and path.

    Attributes:
        path: Where to send, the ports 0 for ESP without UDP.
        udp_encapsulation: ESP in UDP rather than IP protocol 50.
        source: Where the packet with the highest sequence number came from; ``path`` before the first one.
        heard_at: When the last authentic packet came, on the dataplane's clock; None before the first.
        replaces: ``spi_in`` of the live CHILD SA that it rekeys, or None.
        rank: Which place among the tunnel's CHILD SAs it has; the newest has the highest.
        ready_at: When it may send.
    """

    def __init__(self, params: EspParameters) -> None:
        self.spi_in = params.spi_in
        self.inbound = InboundSa(params)
        self.outbound = OutboundSa(params)
        self.heard_at: float | None = None
        self.replaces: int | None = None
        self.rank = 0
        self.ready_at = math.inf
        self._told: Counter[EspDrop] = Counter()
        self.move(params.path, udp_encapsulation=params.udp_encapsulation)

    def move(self, path: Path, *, udp_encapsulation: bool) -> None:
        """Send to another place from now on."""
        self.udp_encapsulation = udp_encapsulation
        self.path = path if udp_encapsulation else Path(path.local_ip, 0, path.remote_ip, 0)
        self.source = self.path

    def counters(self, *, sending: bool) -> SaCounters:
        """A snapshot; ``sending`` is for the caller to know."""
        return SaCounters(
            spi_in=self.spi_in,
            spi_out=self.outbound.spi,
            sending=sending,
            path=self.path,
            heard_at=self.heard_at,
            packets_in=self.inbound.packets,
            bytes_in=self.inbound.bytes,
            packets_out=self.outbound.packets,
            bytes_out=self.outbound.bytes,
        )

    def new_drops(self) -> Counter[EspDrop]:
        """Inbound drops since the last call."""
        drops = self.inbound.drops - self._told
        self._told = self.inbound.drops.copy()
        return drops


class Children:
    """The live CHILD SAs of one tunnel.

    Attributes:
        sending: The one that sends; None when there is none.
        due: When to call ``choose`` again.
    """

    def __init__(self) -> None:
        self._by_spi: dict[int, Child] = {}
        self._ranks = count(1)
        self.sending: Child | None = None
        self.due = math.inf

    def __iter__(self) -> Iterator[Child]:
        """The CHILD SAs, oldest first."""
        return iter(self._by_spi.values())

    def __contains__(self, child: object) -> bool:
        """Whether a CHILD SA was neither removed nor displaced by another one with its SPI."""
        return isinstance(child, Child) and self._by_spi.get(child.spi_in) is child

    def add(self, child: Child, replaces: int | None, *, initiated_by_us: bool, now: float) -> None:
        """Add a CHILD SA that may replace another (``spi_in``)."""
        self._by_spi.pop(child.spi_in, None)
        replaced = None if replaces is None else self._by_spi.get(replaces)
        if replaced is None:
            child.rank, child.ready_at = next(self._ranks), now + SETTLE
        else:
            child.rank, child.ready_at, child.replaces = replaced.rank, math.inf, replaces
        if initiated_by_us:
            child.ready_at = now
        self._by_spi[child.spi_in] = child
        self.choose(now)

    def remove(self, child: Child, now: float) -> None:
        """Take a CHILD SA out; its replacement stands where it stood."""
        if child not in self:
            return
        del self._by_spi[child.spi_in]
        for each in self:
            if each.replaces == child.spi_in:
                each.replaces = child.replaces
                each.ready_at = min(each.ready_at, child.ready_at)
        self.choose(now)

    def proven(self, child: Child, now: float) -> None:
        """A valid packet came on a CHILD SA: the peer has it."""
        if child in self:
            child.ready_at = now
            self.choose(now)

    def choose(self, now: float) -> None:
        """Select the one that sends."""
        ready = [child for child in self if child.ready_at <= now] or list(self)
        self.sending = max(reversed(ready), key=lambda child: child.rank, default=None)
        if self.sending is not None:
            # Without one that is ready it is the only way to send; a later one has to prove itself as ever.
            self.sending.ready_at = min(self.sending.ready_at, now)
        self.due = min((child.ready_at for child in self if child.ready_at > now), default=math.inf)
