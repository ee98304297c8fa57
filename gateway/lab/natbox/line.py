"""A bad line: when each packet arrives, and whether, from a seed (sans-IO, one object per direction)."""

from dataclasses import dataclass
from random import Random

from gateway.lab.natbox.kind import Kind
from gateway.lab.natbox.settings import Impairments

QUEUE = 0.25
"""Seconds of traffic that wait for a narrow line before more is dropped."""
LATE = 0.02
"""Seconds that a reordered packet is late, so that those behind pass it."""


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What becomes of a packet.

    Args:
        due: When each copy arrives; empty when it is lost.
        overflow: It is lost because the line's queue is full.
    """

    due: tuple[float, ...] = ()
    overflow: bool = False


class Line:
    """One direction.

    Each kind of packet has a random sequence of its own, from which every packet takes four numbers whatever
    the impairments are. So the n-th IKE message meets the same fate whenever the seed is the same, no matter
    how much ESP passed meanwhile, and changing the delay does not change what is lost.

    Args:
        impairments: How bad it is.
        direction: Tells the two directions apart.
    """

    def __init__(self, impairments: Impairments, direction: str) -> None:
        self._direction = direction
        self._free = self._last = float("-inf")
        self._impairments = impairments
        self._random: dict[Kind, Random] = {}

    def change(self, impairments: Impairments) -> None:
        """Go on with other impairments; another seed begins its sequences anew."""
        if impairments.seed != self._impairments.seed:
            self._random.clear()
        self._impairments = impairments

    def fate(self, kind: Kind, size: int, now: float) -> Fate:
        """What becomes of a packet of ``size`` octets that is sent now."""
        line = self._impairments
        if kind not in self._random:
            self._random[kind] = self._sequence(kind)
        random = self._random[kind]
        lost, twice, late, early = (random.random() for _ in range(4))
        if lost < line.loss:
            return Fate()
        sent = max(now, self._free)
        if line.bandwidth:
            if sent - now > QUEUE:
                return Fate(overflow=True)
            sent = self._free = sent + size * 8 / line.bandwidth
        due = max(sent, sent + line.delay + line.jitter * (2 * early - 1))
        if late < line.reorder:
            due = max(due, self._last) + LATE
        else:
            due = self._last = max(due, self._last)
        return Fate(due=(due, due) if twice < line.duplicate else (due,))

    def _sequence(self, kind: Kind) -> Random:
        return Random(f"{self._impairments.seed}/{self._direction}/{kind}")  # noqa: S311 - to repeat, not to hide
