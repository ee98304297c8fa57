"""A router's NAT box in a lab: the program of ``natbox`` in its node, asked over its control socket."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from typing import Any

from gateway.control.client import Connection
from gateway.control.server import ControlError
from gateway.lab.backend import CommandError, Node
from gateway.lab.cpe import tail
from gateway.lab.natbox.serve import CONTROL, SETTINGS
from gateway.lab.topology import Topology

LOG = "/run/natbox.log"
COMMAND = ("python3", "-m", "gateway.lab.natbox")
"""The program, in a node of any backend; its commands are those of ``natbox.__main__``."""
START_TIMEOUT = 15.0
_POLL = 0.02

Json = dict[str, Any]


class NatNode:
    """The NAT box of a router.

    Args:
        node: The router.
    """

    def __init__(self, node: Node) -> None:
        self.node = node

    async def start(self, topology: Topology) -> None:
        """Start it and wait until packets go through it; raises ``CommandError``."""
        await self.node.write(SETTINGS, json.dumps(box_settings(topology, self.node.plan.name)))
        self.daemon = await self.node.start(*COMMAND, "run", log=LOG)
        deadline = time.monotonic() + START_TIMEOUT
        while not await self.node.listens(CONTROL):
            if self.daemon.status is not None or time.monotonic() > deadline:
                waited = f"{self.node.plan.name}: the NAT box is not ready after {START_TIMEOUT:g} s"
                raise CommandError(await self.ended() or f"{waited}:\n{await self._log()}")
            await asyncio.sleep(_POLL)

    def follow(self, on_record: Callable[[Json], None]) -> None:
        """Call ``on_record`` with every record from the first one on, until the box ends."""

        async def read() -> None:
            with contextlib.suppress(ControlError, OSError):  # that it has ended is noticed elsewhere
                connection = Connection(*await self.node.connect(CONTROL))
                async for record in connection.events():
                    on_record(record)

        self._following = asyncio.create_task(read())

    async def ask(self, command: str, *changes: str) -> Json:
        """Its status after a command of the program: ``ask("impair", "loss=10%")``.

        Raises:
            CommandError: It refuses; the text says why.
        """
        status: Json = json.loads(await self.node.check(*COMMAND, command, *changes))
        return status

    async def ended(self) -> str | None:
        """Why there is no box any more, None while there is."""
        if self.daemon.status is None:
            return None
        ended = f"{self.node.plan.name}: the NAT box ended with status {self.daemon.status}"
        return f"{ended}:\n{await self._log()}"

    async def _log(self) -> str:
        return tail(await self.node.read(LOG))


def box_settings(topology: Topology, name: str) -> Json:
    """What the program needs to know about its node."""
    plan, ends = topology.nodes[name], topology.ends(name)
    return {
        "node": name,
        "toward": next(end.interface for end in ends if end.neighbour == plan.box_toward),
        "inside": [end.interface for end in ends if end.neighbour != plan.box_toward],
        "nat": None if plan.nat is None else plan.nat.as_json(),
        "impair": None if plan.impair is None else plan.impair.as_json(),
    }
