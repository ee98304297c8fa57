"""Drops as events, few enough for people: the first of a kind at once, then at most one per interval."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.dataplane.counters import Direction, DropReason

INTERVAL = 10.0
"""Seconds between two records of the same kind."""
MAX_KINDS = 256
"""Kinds followed at a time: a scan through the SPIs must fill neither the stream nor the memory."""

_ONLY_COUNTED = frozenset({DropReason.DUMMY, DropReason.NOT_IPV4, DropReason.NO_SA})
"""Seen on a healthy tunnel: cover traffic, IPv6 router solicitations, packets before the first CHILD SA."""


@dataclass
class _Kind:
    """When a kind was last published, and how many packets came since."""

    published: float
    waiting: int = 0


class DropReports:
    """Publishes ``esp/esp_dropped`` with reason, direction, remote, spi and the number of packets.

    Args:
        publish: The stream's ``publish``.
    """

    def __init__(self, publish: Callable[..., object]) -> None:
        self._publish = publish
        self._kinds: dict[tuple[object, ...], _Kind] = {}

    def add(
        self,
        reason: DropReason,
        direction: Direction,
        *,
        now: float,
        count: int,
        tunnel: str | None = None,
        spi: int = 0,
        remote: str | None = None,
    ) -> None:
        """Take note of dropped packets.

        Args:
            reason: Why.
            direction: Which way they went.
            now: Seconds.
            count: How many.
            tunnel: Whose they were, when known.
            spi: Our SPI; 0 when none was involved.
            remote: Where they came from, when that says something.
        """
        if reason in _ONLY_COUNTED:
            return
        packets = self._due((reason, direction, tunnel, spi, remote), now, count)
        if not packets:
            return
        data: dict[str, object] = {"reason": reason.value, "direction": direction.value, "packets": packets}
        if remote is not None:
            data["remote"] = remote
        if spi:
            data["spi"] = f"{spi:08x}"
        self._publish("esp", "esp_dropped", tunnel=tunnel, **data)

    def _due(self, key: tuple[object, ...], now: float, count: int) -> int:
        """The number of packets of this kind to publish now; 0 when it is too early, they wait then."""
        kind = self._kinds.get(key)
        if kind is None:
            if len(self._kinds) >= MAX_KINDS:
                self._kinds = {k: v for k, v in self._kinds.items() if now - v.published < INTERVAL}
            if len(self._kinds) >= MAX_KINDS:
                return 0
            self._kinds[key] = _Kind(now)
            return count
        if now - kind.published < INTERVAL:
            kind.waiting += count
            return 0
        packets, kind.waiting, kind.published = kind.waiting + count, 0, now
        return packets
