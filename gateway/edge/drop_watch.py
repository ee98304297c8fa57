"""Publishes what the edge drops: the first packets of a kind soon, then at most one record per interval."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from gateway.edge.drops import Drop, DropReason
from gateway.edge.rules import RulesError

LOOK_SECONDS = 2.0
"""Between two looks at the counters: each starts a program."""
INTERVAL = 10.0
"""Seconds between two records of one kind: of a reason, source, destination and port."""
MOST = 16
"""Records of one look; the kinds with the most packets come first."""
_MAX_KINDS = 1024


@dataclass(frozen=True)
class _Told:
    packets: int
    time: float


class DropWatch:
    """Follows the drops of one remote network.

    Args:
        remote_network: Its name.
        totals: The packets dropped by reason; cheap.
        drops: The drops themselves.
        profile_of: Name of the traffic profile, associated or not, that covers a destination; None when none.
        publish: ``Stream.publish``; gets ``edge/traffic_dropped``.
        clock: Returns seconds, monotonic.
    """

    def __init__(
        self,
        remote_network: str,
        *,
        totals: Callable[[], Awaitable[Mapping[DropReason, int]]],
        drops: Callable[[], Awaitable[list[Drop]]],
        profile_of: Callable[[IPv4Address], str | None],
        publish: Callable[..., object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._remote_network = remote_network
        self._totals = totals
        self._drops = drops
        self._profile_of = profile_of
        self._publish = publish
        self._clock = clock
        self._seen: Mapping[DropReason, int] = {}
        self._told: dict[tuple[object, ...], _Told] = {}
        self._waiting = False

    async def run(self, is_of_interest: Callable[[], bool]) -> None:
        """Look again and again, while something can be dropped at all; ends when it is cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if is_of_interest():
                try:
                    await self.look()
                except (RulesError, OSError) as error:
                    self._publish(
                        "edge", "drops_unknown", remote_network=self._remote_network, reason=str(error)
                    )
                    return

    async def look(self) -> None:
        """Publish what was dropped since it was told last. Raises what ``totals`` and ``drops`` raise."""
        totals = await self._totals()
        if totals == self._seen and not self._waiting:
            return
        self._seen = totals
        due, self._waiting = self._due(await self._drops())
        for drop in due:
            self._told[_kind(drop)] = _Told(drop.packets, self._clock())
            self._publish(
                "edge",
                "traffic_dropped",
                remote_network=self._remote_network,
                profile=self._profile_of(drop.destination),
                **drop.as_json(),
            )

    def _due(self, drops: list[Drop]) -> tuple[list[Drop], bool]:
        """The drops to tell now, and whether there are others to be told later."""
        if len(self._told) > _MAX_KINDS:
            self._told.clear()
        news = [drop for drop in drops if drop.packets != self._packets_told(drop)]
        now = self._clock()
        ripe = [drop for drop in news if self._is_ripe(drop, now)]
        return ripe[:MOST], len(news) > len(ripe[:MOST])

    def _packets_told(self, drop: Drop) -> int:
        told = self._told.get(_kind(drop))
        return told.packets if told else 0

    def _is_ripe(self, drop: Drop, now: float) -> bool:
        told = self._told.get(_kind(drop))
        return told is None or now - told.time >= INTERVAL


def _kind(drop: Drop) -> tuple[object, ...]:
    return drop.reason, drop.source, drop.destination, drop.protocol, drop.port
