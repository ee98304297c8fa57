"""Which IKE SA wants attention next: a heap over ``IkeSa.timer``.

``IkeSa.timer`` stays the truth, this is an index of it. Whoever changes a deadline of an SA calls ``update``
afterwards; every timer belongs to a live SA. Outdated entries stay in the heap until they come up, or until
they are the greater part of it.
"""

import heapq
from itertools import count

from ike.ike_sa import IkeSa
from ike.state import State

_SLACK = 64
"""Outdated heap entries that are not worth a rebuild."""


class Timers:
    """The timers of all IKE SAs, one each. Looking is O(1), a change O(log n)."""

    def __init__(self) -> None:
        self._due: dict[bytes, tuple[float, int, IkeSa]] = {}
        self._heap: list[tuple[float, int, bytes]] = []
        self._order = count()

    def __len__(self) -> int:
        return len(self._due)

    def __contains__(self, sa: IkeSa) -> bool:
        return sa.own_spi in self._due

    def update(self, sa: IkeSa) -> None:
        """Take over ``sa.timer``; an SA that is closed, or waits for nothing, has no timer."""
        due = sa.timer
        if due is None or sa.state is State.CLOSED:
            self._due.pop(sa.own_spi, None)
            return
        known = self._due.get(sa.own_spi)
        if known is not None and known[0] == due:
            return
        number = next(self._order)
        self._due[sa.own_spi] = (due, number, sa)
        heapq.heappush(self._heap, (due, number, sa.own_spi))
        if len(self._heap) > 2 * len(self._due) + _SLACK:
            self._heap = [(due, number, spi) for spi, (due, number, _) in self._due.items()]
            heapq.heapify(self._heap)

    def next(self) -> float | None:
        """When the first timer is due, or None."""
        while self._heap:
            due, number, spi = self._heap[0]
            known = self._due.get(spi)
            if known is not None and known[1] == number:
                return due
            heapq.heappop(self._heap)
        return None

    def take_due(self, now: float) -> list[IkeSa]:
        """The IKE SAs that are due, in the order of their timers; ``update`` each once it is served."""
        due: list[IkeSa] = []
        while (first := self.next()) is not None and first <= now:
            spi = heapq.heappop(self._heap)[2]
            due.append(self._due.pop(spi)[2])
        return due
