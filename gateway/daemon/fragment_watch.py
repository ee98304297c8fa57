"""Tells IP fragments that do not become whole: the kernel keeps them to itself, and forgets them."""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

from gateway.endpoint import kernel_counters

LOOK_SECONDS = 1.0
"""Between two looks at the kernel's counters; fragments of one datagram arrive together."""
INTERVAL = 3.0
"""Seconds between two records, at least."""


class Reassembly(NamedTuple):
    """What the kernel has counted of reassembly, in IPv4.

    Args:
        fragments: Fragments that arrived.
        whole: Datagrams that became whole.
    """

    fragments: int
    whole: int


def reassembly(counters: str) -> Reassembly:
    """The counters of reassembly.

    Args:
        counters: From ``kernel_counters.read``.
    """
    counted = kernel_counters.of("Ip", counters)
    return Reassembly(counted["ReasmReqds"], counted["ReasmOKs"])


class FragmentWatch:
    """Publishes ``lab/ip_fragments_incomplete`` when fragments arrived, and no datagram became whole.

    Whose they are is not known: a fragment has no port, and the kernel counts them all together.

    Args:
        publish: ``Stream.publish``.
        count: Reads the counters.
        clock: Returns seconds, monotonic.
    """

    def __init__(
        self,
        publish: Callable[..., object],
        *,
        count: Callable[[], Reassembly] = lambda: reassembly(kernel_counters.read()),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._publish = publish
        self._count = count
        self._clock = clock
        self._seen = count()
        self._waiting = 0
        self._told = -INTERVAL

    async def run(self) -> None:
        """Look again and again; ends when it is cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look()

    def look(self) -> None:
        """Publish what arrived since the last look and did not become whole."""
        now, before = self._count(), self._seen
        self._seen = now
        if now.whole == before.whole:
            self._waiting += now.fragments - before.fragments
        if self._waiting and self._clock() - self._told >= INTERVAL:
            self._publish("lab", "ip_fragments_incomplete", fragments=self._waiting)
            self._waiting, self._told = 0, self._clock()
