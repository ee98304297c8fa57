"""The gateway of a lab: ``gsalab up`` in its own node, asked over its control socket."""

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable
from typing import Any

from gateway.control.client import follow_events, request
from gateway.control.server import ControlError
from gateway.lab.backend import CommandError, Node
from gateway.lab.cpe import tail

LAB_FILE = "/run/lab.yaml"
CONTROL = "/run/gsalab/control.sock"
LOG = "/run/gateway.log"
COMMAND = (sys.executable, "-m", "gateway.cli", "up", "-f", LAB_FILE, "--control", CONTROL)
"""What a person would type in the gateway's node."""
START_TIMEOUT = 20.0
_POLL = 0.05

Json = dict[str, Any]


class GatewayNode:
    """The running gateway.

    Args:
        node: Its node.
        command: How it is started; it reads ``LAB_FILE`` and listens on ``CONTROL``, as the node sees them.
    """

    def __init__(self, node: Node, command: tuple[str, ...] = COMMAND) -> None:
        self.node = node
        self._command = command
        self._control = node.path(CONTROL)

    async def start(self) -> None:
        """Start it and wait until it answers, which it does when it is ready; raises ``CommandError``."""
        self.daemon = await self.node.start(*self._command, log=LOG)
        deadline = time.monotonic() + START_TIMEOUT
        while not await self._answers():
            if self.daemon.status is not None or time.monotonic() > deadline:
                raise CommandError(
                    self.ended() or f"the gateway is not ready after {START_TIMEOUT:g} s:\n{self.log()}"
                )
            await asyncio.sleep(_POLL)

    async def ask(self, method: str, **params: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
        """Ask over the control socket; raises ``CommandError`` when there is no answer."""
        try:
            return await request(self._control, method, **params)
        except (ControlError, OSError) as error:
            raise CommandError(self.ended() or f"the gateway: {error}") from error

    async def status(self) -> dict[str, Json]:
        """Every tunnel of ``gsalab status`` by its name."""
        status = await self.ask("status")
        return {
            tunnel["name"]: tunnel for network in status["remote_networks"] for tunnel in network["tunnels"]
        }

    async def drops(self, remote_network: str) -> list[Json]:
        """What the edge of a remote network dropped."""
        drops = await self.ask("drops")
        return list(drops[remote_network]["drops"])

    def follow(self, on_record: Callable[[Json], None]) -> None:
        """Call ``on_record`` with every record from the first one on, until the gateway ends."""

        async def read() -> None:
            with contextlib.suppress(ControlError, OSError):  # that it has ended is noticed elsewhere
                async for record in follow_events(self._control):
                    on_record(record)

        self._following = asyncio.create_task(read())

    def ended(self) -> str | None:
        """Why there is no gateway any more, None while there is."""
        if self.daemon.status is None:
            return None
        return f"the gateway ended with status {self.daemon.status}:\n{self.log()}"

    def log(self) -> str:
        """The end of its output."""
        return tail(self.node.path(LOG))

    async def _answers(self) -> bool:
        try:
            await self.ask("status")
        except CommandError:
            return False
        return True
