"""Tells IP fragments that do not become whole: the kernel keeps them to itself, and forgets them."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from gateway.endpoint import kernel_counters

LOOK_SECONDS = 1.0
"""Between two looks at the kernel's counters."""
PATIENCE = 2.0
"""Seconds that a datagram is waited for; fragments leave together, and the slowest path takes less."""
INTERVAL = 3.0
"""Seconds between two records, at least."""


class Reassembly(NamedTuple):
    """What the kernel has counted of reassembly, in IPv4.

    Args:
        whole: Datagrams that became whole.
        failed: Datagrams that were given up: for their time (``net.ipv4.ipfrag_time``), or as damaged.
        waiting: Datagrams that wait for fragments now.
    """

    whole: int
    failed: int
    waiting: int


def reassembly() -> Reassembly:
    """What the kernel of this network namespace counts.

    Who waits is read last: a datagram that becomes whole meanwhile is then in neither number, and cannot be
    taken for one that is lost.
    """
    counted = kernel_counters.of("Ip", kernel_counters.read())
    return Reassembly(counted["ReasmOKs"], counted["ReasmFails"], kernel_counters.reassembling())


class FragmentWatch:
    """Publishes ``lab/ip_fragments_incomplete``: so many datagrams did not become whole.

    A datagram counts when the kernel has given it up, or when it has been incomplete for ``PATIENCE``: of
    those that had begun by then, no more can have become whole than all that became whole until now. Whose
    they are is not known: a fragment has no port, and the kernel counts them all together.

    Args:
        publish: ``Stream.publish``.
        count: Reads the counters.
        clock: Returns seconds, monotonic.
    """

    def __init__(
        self,
        publish: Callable[..., object],
        *,
        count: Callable[[], Reassembly] = reassembly,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._publish = publish
        self._count = count
        self._clock = clock
        now = count()
        self._lost = now.failed
        self._begun = deque([(clock(), sum(now))])
        self._told = -INTERVAL

    async def run(self) -> None:
        """Look again and again; ends when it is cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look()

    def look(self) -> None:
        """Publish how many more datagrams are lost than were told."""
        now, counted = self._clock(), self._count()
        self._begun.append((now, sum(counted)))
        while self._begun[1][0] <= now - PATIENCE:
            self._begun.popleft()
        since, begun = self._begun[0]
        late = begun - counted.whole if since <= now - PATIENCE else 0
        lost = max(counted.failed, late)
        if lost > self._lost and now - self._told >= INTERVAL:
            self._publish("lab", "ip_fragments_incomplete", datagrams=lost - self._lost)
            self._lost, self._told = lost, now
