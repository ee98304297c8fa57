"""Token buckets: how often something may happen."""

from collections import OrderedDict

_MAX_SOURCES = 1024
"""Source addresses that are remembered; the one that was seen longest ago makes room."""


class Bucket:
    """Allows a burst, then a steady rate.

    Args:
        burst: How much is allowed at once.
        rate: How much is allowed per second after that.
    """

    __slots__ = ("_burst", "_filled", "_rate", "_tokens")

    def __init__(self, burst: float, rate: float) -> None:
        self._burst = burst
        self._rate = rate
        self._tokens = burst
        self._filled: float | None = None

    def available(self, now: float) -> bool:
        """Whether one more is allowed at ``now``; takes nothing."""
        if self._filled is not None:
            self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._rate)
        self._filled = now
        return self._tokens >= 1

    def take(self, now: float) -> bool:
        """Take one if it is allowed; whether it was."""
        if not self.available(now):
            return False
        self._tokens -= 1
        return True


class Limiter:
    """Allows something per source address and in total.

    Args:
        total: Burst and rate of all together.
        source: Burst and rate of one source address.
    """

    def __init__(self, total: tuple[float, float], source: tuple[float, float]) -> None:
        self._total = Bucket(*total)
        self._source = source
        self._sources: OrderedDict[str, Bucket] = OrderedDict()

    def available(self, address: str, now: float) -> bool:
        """Whether one more is allowed for this address; takes nothing."""
        bucket = self._sources.get(address)
        return self._total.available(now) and (bucket is None or bucket.available(now))

    def take(self, address: str, now: float) -> bool:
        """Take one for this address if both bounds allow it; whether they did."""
        if not self._total.available(now):
            return False
        bucket = self._sources.get(address)
        if bucket is None:
            bucket = self._sources[address] = Bucket(*self._source)
            if len(self._sources) > _MAX_SOURCES:
                self._sources.popitem(last=False)
        self._sources.move_to_end(address)
        return bucket.take(now) and self._total.take(now)
