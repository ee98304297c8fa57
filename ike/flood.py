"""Reports what happens too often to be reported one by one.

The first of a kind come as events of their own; beyond that they are counted, and an ``EventsSuppressed``
once a second says how many there were. Under a flood a datagram so costs an addition, not an event.
"""

from collections.abc import Callable
from typing import NamedTuple

from ike.door_events import EventsSuppressed
from ike.events import DropReason, Event
from ike.path import Path
from ike.rate import Bucket

BURST, RATE = 50, 5.0
"""Events of one kind that are reported one by one before any is suppressed, and per second after that."""
BURST_OF_SA, RATE_OF_SA = 10, 1.0
"""The same for one IKE SA: there may be many of them, and a peer that retransmits stays below."""
SUMMARY_SECONDS = 1.0
"""Between two summaries of one kind."""


class Kind(NamedTuple):
    """What is limited together.

    Args:
        event: Class of the events.
        peer: Name of the peer configuration, or empty.
        reason: Why a datagram was dropped; None for other events.
        ike_spi: The IKE SA by its name, or empty.
    """

    event: type[Event]
    peer: str
    reason: DropReason | None = None
    ike_spi: str = ""


class _Record:
    __slots__ = ("bucket", "count", "path")

    def __init__(self, bucket: Bucket, path: Path) -> None:
        self.bucket = bucket
        self.count = 0
        self.path = path


class FloodReport:
    """Lets events through, or counts them.

    Args:
        emit: Reports an event.
        burst: Events of one kind that are let through at once.
        rate: How many per second after that.
    """

    def __init__(self, emit: Callable[[Event], None], *, burst: float = BURST, rate: float = RATE) -> None:
        self._emit = emit
        self._limit = (burst, rate)
        self._records: dict[Kind, _Record] = {}
        self._since = 0.0
        self._due: float | None = None

    @property
    def timer(self) -> float | None:
        """When ``handle_timer`` is due, or None."""
        return self._due

    def allows(self, kind: Kind, path: Path, now: float) -> bool:
        """Whether an event of this kind is reported; otherwise it has been counted.

        Args:
            kind: What it is.
            path: Path of the datagram.
            now: The clock.
        """
        record = self._records.get(kind)
        if record is None:
            record = self._records[kind] = _Record(Bucket(*self._limit), path)
        if record.bucket.take(now):
            return True
        record.count += 1
        record.path = path
        if self._due is None:
            self._since, self._due = now, now + SUMMARY_SECONDS
        return False

    def handle_timer(self, now: float) -> None:
        """Report what was counted, if a summary is due."""
        if self._due is not None and self._due <= now:
            self.report(now)

    def report(self, now: float) -> None:
        """Report what was counted so far."""
        seconds, self._due = now - self._since, None
        for kind, record in self._records.items():
            if record.count:
                self._emit(
                    EventsSuppressed(
                        peer=kind.peer,
                        ike_spi=kind.ike_spi,
                        path=record.path,
                        kind=kind.event.__name__,
                        reason=kind.reason,
                        count=record.count,
                        seconds=seconds,
                    )
                )
                record.count = 0
