"""The CPE of a lab that has one, as interop tests use it: its configuration, its SAs, its pings."""

import asyncio
import itertools
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.lab import strongswan
from gateway.lab.lab import Lab
from tests.interop.cpe_drills import COVERED, only_tunnel, until

Edit = tuple[str, str]
"""A text of a file, and what is written in its place."""

BY_HAND: tuple[Edit, ...] = (
    ("start_action = start", "start_action = none"),
    ("close_action = start", "close_action = none"),
)
"""Edits with which the tunnel comes up when it is told to, and not before."""


@dataclass(frozen=True)
class Pings:
    """What ``ping`` counted; ``longest_gap`` is the most echo requests in a row that stayed unanswered."""

    sent: int
    received: int
    longest_gap: int
    unanswered: list[int]
    """Sequence numbers, from 1: they tell whether it was the beginning, a pause, or the end."""

    @property
    def lost(self) -> int:
        return self.sent - self.received


class Router:
    """The CPE of a lab that has one CPE with one tunnel; its methods run inside the lab."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.cpe, self.tunnel = only_tunnel(lab)
        self.node = self.tunnel.node

    async def configure(self, *edits: Edit, daemon: Sequence[Edit] = ()) -> None:
        """Write swanctl.conf and strongswan.conf with these edits; SAs that exist keep what they have."""
        connection = strongswan.connection_configuration(self.tunnel.settings, "/run/updown")
        await self.node.write("/run/etc/swanctl/swanctl.conf", edited(connection, edits), mode=0o600)
        await self.node.write("/run/etc/strongswan.conf", edited(strongswan.daemon_configuration(), daemon))
        await self.node.check("swanctl", "--reload-settings")
        await self.node.check("swanctl", "--load-all")

    async def reconnect(self, *edits: Edit, daemon: Sequence[Edit] = (), child: str = "gsa") -> bool:
        """Close the tunnel, change the configuration, open the tunnel; whether it opened."""
        await self.swanctl("--terminate", "--ike", strongswan.CONNECTION, "--timeout", "5")
        await self.configure(*BY_HAND, *edits, daemon=daemon)
        return await self.swanctl("--initiate", "--child", child, "--timeout", "5") == 0

    async def swanctl(self, *arguments: str) -> int:
        """Run swanctl; its exit status."""
        return (await self.node.run("swanctl", *arguments)).status

    async def until_up(self) -> None:
        """Wait until tunnel, session and routes are there."""
        await until(lambda: self.lab.missing(self.cpe, self.tunnel), wanted=None)

    async def far(self) -> dict[str, Any]:
        """What ``gsalab status`` says about the tunnel."""
        return (await self.lab.gateway.status())[self.tunnel.name]

    async def both_views(self) -> dict[str, Any]:
        """The live SAs as each end names them, once they agree, or after five seconds."""
        deadline = time.monotonic() + 5
        while True:
            theirs, ours = await self._their_view(), await self._our_view()
            if theirs == ours or time.monotonic() > deadline:
                return {"strongswan": theirs, "gateway": ours}
            await asyncio.sleep(0.1)

    async def _their_view(self) -> dict[str, Any]:
        sas = [sa for sa in await self.cpe.sas(self.tunnel) if sa.state == "ESTABLISHED"]
        children = [child for sa in sas for child in sa.children if child.state == "INSTALLED"]
        return {
            "ike": sorted(f"{sa.spi_i}_{sa.spi_r}" for sa in sas),
            "children": sorted(f"{child.spi_out}_{child.spi_in}" for child in children),
        }

    async def _our_view(self) -> dict[str, Any]:
        far = await self.far()
        return {
            "ike": sorted(sa["spi"] for sa in far["ike_sas"]),
            "children": sorted(f"{child['spi_in']}_{child['spi_out']}" for child in far["children"]),
        }

    async def ping(self, seconds: float) -> Pings:
        """Ping from the branch host every 20 ms."""
        count = round(seconds * 50)
        done = await self.lab.nodes["host"].run(
            *("ping", "-c", str(count), "-i", "0.02", "-s", "1000", "-W", "10", COVERED), limit=seconds + 20
        )
        answered = {int(number) for number in re.findall(r"icmp_seq=(\d+)", done.output)}
        edges = itertools.pairwise([0, *sorted(answered), count + 1])
        return Pings(
            sent=count,
            received=len(answered),
            longest_gap=max(after - before - 1 for before, after in edges),
            unanswered=sorted({*range(1, count + 1)} - answered),
        )

    def records(self, *names: str) -> list[dict[str, Any]]:
        """The gateway's records of these names so far."""
        return [record for record in self.lab.records if record["name"] in names]

    async def until_told(self, name: str, since: int = 0) -> dict[str, Any]:
        """The first record of a name after the first ``since`` of that name; TimeoutError after 10 s."""

        async def there() -> bool:
            return len(self.records(name)) > since

        await until(there, wanted=True)
        return self.records(name)[since]

    async def logged(self, text: str) -> int:
        """How often charon has logged a text."""
        return (await self.node.read(strongswan.LOG)).count(text.encode())

    async def logged_within(self, seconds: float, text: str, since: int) -> bool:
        """Whether charon logs a text more often within these seconds."""
        deadline = time.monotonic() + seconds
        while await self.logged(text) <= since:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.05)
        return True


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text with the edits; each must find something."""
    for old, new in edits:
        if old not in text:
            raise AssertionError(f"nothing to edit: there is no {old!r}")
        text = text.replace(old, new)
    return text
