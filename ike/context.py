"""What an exchange may use of its surroundings: the clock of this call, randomness, the SAs, the way out."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from ike.config import Limits
from ike.constants import SPI_LENGTH
from ike.events import ChildSaClosed, DatagramDropped, DropReason, Event, IkeSaClosed
from ike.flood import BURST_OF_SA, RATE_OF_SA, FloodReport, Kind
from ike.half_open import HalfOpen
from ike.ike_sa import IkeSa
from ike.path import Path
from ike.rate import Limiter
from ike.request import Request
from ike.state import ChildInput, Input, State
from ike.timers import Timers
from ike.tombstones import Tombstones

ESP_SPI_MIN = 256
"""SPIs 1 to 255 are reserved by IANA (RFC 4303 section 2.1)."""
NONCE_LENGTH = 32
"""Octets of our nonces; at least half the PRF's key size (RFC 7296 section 2.10)."""
KEY_TESTS = (10.0, 1.0)
"""Burst and rate per second of refused AUTH payloads on which candidate keys are tried."""
KEY_TESTS_PER_SOURCE = (3.0, 0.2)
"""The same for one source address."""
TRIAL_REACTION = 5.0
"""Seconds: a CHILD SA that ends so soon after its peer has refused to rekey it on trial, ends for that."""


class Context:
    """The responder's shared state.

    Args:
        random: Returns that many unpredictable octets.
        limits: Bounds and timers.

    Attributes:
        spared: Names of peers whose tunnel ended over a trial rekeying: they are not tried again.
    """

    def __init__(self, random: Callable[[int], bytes], limits: Limits) -> None:
        self.random = random
        self.limits = limits
        self.now = 0.0
        self.arrival = Path("", 0, "", 0)
        self.events: deque[Event] = deque()
        self.outbox: deque[tuple[bytes, Path]] = deque()
        self.sas: dict[bytes, IkeSa] = {}
        self.by_init_request: dict[tuple[bytes, str], IkeSa] = {}
        self.by_peer: dict[str, dict[bytes, IkeSa]] = {}
        self.esp_owner: dict[int, IkeSa] = {}
        self.timers = Timers()
        self.half_open = HalfOpen()
        self.tombstones = Tombstones()
        self.key_tests = Limiter(KEY_TESTS, KEY_TESTS_PER_SOURCE)
        self.failed_auths = Limiter(limits.failed_auths, limits.failed_auths_of_source)
        self.touched: dict[bytes, IkeSa] = {}
        self.spared: set[str] = set()

    def emit(self, event: Event) -> None:
        """Report an event."""
        self.events.append(event)

    def tells(self, sa: IkeSa, event: type[Event], path: Path, reason: DropReason | None = None) -> bool:
        """Whether an event of an IKE SA is told that takes no key to cause; too many of them are counted."""
        if sa.flood is None:
            sa.flood = FloodReport(self.emit, burst=BURST_OF_SA, rate=RATE_OF_SA)
        return sa.flood.allows(Kind(event, sa.peer.name, reason, sa.name), path, self.now)

    def drop(self, sa: IkeSa, path: Path, reason: DropReason, detail: str) -> None:
        """Report a dropped datagram of an IKE SA, unless there are too many."""
        if self.tells(sa, DatagramDropped, path, reason):
            self.emit(DatagramDropped(**sa.where(path), reason=reason, detail=detail))

    def send(self, datagrams: Iterable[bytes], path: Path) -> None:
        """Queue the datagrams of a message."""
        for datagram in datagrams:
            self.outbox.append((datagram, path))

    def add(self, sa: IkeSa) -> None:
        """Register a new IKE SA under our SPI and, when IKE_SA_INIT made it, under that request.

        The request is known by all its octets and the peer's configuration: two initiators may choose the
        same SPI, and behind a NAT a repeated request may come from another port (RFC 7296 section 2.1).
        """
        self.sas[sa.own_spi] = sa
        self.by_peer.setdefault(sa.peer.name, {})[sa.own_spi] = sa
        if sa.init is not None:
            self.by_init_request[sa.init.request, sa.peer.name] = sa
        self.settle(sa)

    def settle(self, sa: IkeSa) -> None:
        """Bring what is indexed in line with an IKE SA whose state or deadlines may have changed.

        Of one that has ended, the secrets go.
        """
        if sa.state is State.CLOSED and not sa.is_buried:
            self.tombstones.add(sa, self.now)
            sa.bury()
        self.timers.update(sa)
        self.half_open.update(sa)

    def touch(self, sa: IkeSa) -> None:
        """Note that an IKE SA may have a request to send, or another deadline, when this call is done."""
        self.touched[sa.own_spi] = sa

    def want(self, sa: IkeSa, request: Request) -> None:
        """Queue a request of ours; it goes out when those before it are answered."""
        sa.queued.append(request)
        self.touch(sa)

    def want_later(self, sa: IkeSa, request: Request, at: float) -> None:
        """Queue a request of ours when its time has come."""
        sa.postponed.append((at, request))
        self.touch(sa)

    def nonce(self) -> bytes:
        """A fresh nonce."""
        return self.random(NONCE_LENGTH)

    def chance(self) -> float:
        """A random number from 0 to 1."""
        return int.from_bytes(self.random(4), "big") / 0xFFFFFFFF

    def retry_wait(self) -> float:
        """Seconds until we try again what the peer refused for now (RFC 7296 section 2.25)."""
        return self.limits.retry_wait * (0.5 + self.chance())

    def of_peer(self, name: str) -> Iterator[IkeSa]:
        """The IKE SAs of one peer configuration."""
        return iter(tuple(self.by_peer.get(name, {}).values()))

    def new_ike_spi(self) -> bytes:
        """An unused SPI for an IKE SA, 8 octets, not zero (RFC 7296 section 2.6)."""
        while True:
            spi = self.random(SPI_LENGTH)
            if any(spi) and spi not in self.sas:
                return spi

    def new_esp_spi(self) -> int:
        """An unused SPI for packets that we receive."""
        while True:
            spi = int.from_bytes(self.random(4), "big")
            if spi >= ESP_SPI_MIN and spi not in self.esp_owner:
                return spi

    def close_child(self, sa: IkeSa, spi_in: int, reason: str) -> None:
        """End one CHILD SA and report it."""
        child = sa.children.pop(spi_in)
        if child.is_alive and self.now - child.trial_refused_at < TRIAL_REACTION:
            self.spared.add(sa.peer.name)
        child.move(ChildInput.CLOSED)
        del self.esp_owner[spi_in]
        self.emit(
            ChildSaClosed(
                **sa.where(),
                spi_in=spi_in,
                spi_out=child.esp.spi_out,
                reason=reason,
            )
        )

    def close(self, sa: IkeSa, step: Input, reason: str) -> None:
        """End an IKE SA with its CHILD SAs, and report it. Its keys are dropped."""
        if sa.outstanding is not None:
            sa.outstanding.request.abandoned(sa, self)
        established = sa.state is not State.HALF_OPEN
        redundant = sa.state is State.UNDECIDED  # the one that it was to replace, or ours, goes on
        sa.move(step)
        for event in sa.fragmentation.abandon(sa.where(), f"the IKE SA ended: {reason}"):
            self.emit(event)
        for spi_in in tuple(sa.children):
            self.close_child(sa, spi_in, reason)
        if sa.flood is not None:
            sa.flood.report(self.now)
        self._forget(sa)
        self.emit(
            IkeSaClosed(
                **sa.where(),
                reason=reason,
                was_established=established,
                rekeyed=sa.has_successor or redundant,
            )
        )

    def _forget(self, sa: IkeSa) -> None:
        del self.sas[sa.own_spi]
        of_peer = self.by_peer[sa.peer.name]
        del of_peer[sa.own_spi]
        if not of_peer:
            del self.by_peer[sa.peer.name]
        if sa.init is not None:
            del self.by_init_request[sa.init.request, sa.peer.name]
        self.touch(sa)
