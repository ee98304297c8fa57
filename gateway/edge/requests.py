"""Publishes what reaches the edge, at a bounded rate: a flood must not push all else out of the stream."""

import time
from collections.abc import Callable
from typing import Any

from gateway.edge.visit import Visit

BURST = 50
"""Records at once."""
RATE = 5.0
"""Records a second after that."""


class RequestLog:
    """Publishes ``edge/request`` records.

    A record that follows unpublished requests has their number in ``suppressed``.

    Args:
        publish: ``Stream.publish``.
        clock: Returns seconds, monotonic.
    """

    def __init__(self, publish: Callable[..., object], clock: Callable[[], float] = time.monotonic) -> None:
        self._publish = publish
        self._clock = clock
        self._tokens = float(BURST)
        self._refilled = clock()
        self._suppressed = 0

    def add(self, visit: Visit) -> None:
        """Publish a visit, or count it when there have been too many."""
        now = self._clock()
        self._tokens = min(float(BURST), self._tokens + (now - self._refilled) * RATE)
        self._refilled = now
        if self._tokens < 1:
            self._suppressed += 1
            return
        self._tokens -= 1
        data: dict[str, Any] = {"kind": visit.kind} | visit.facts()
        if self._suppressed:
            data["suppressed"] = self._suppressed
            self._suppressed = 0
        self._publish("edge", "request", **data)
