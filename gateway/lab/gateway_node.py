"""The gateway of a lab: ``gsalab up`` in its own node, asked over its control socket."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

from gateway.control.client import Connection
from gateway.control.server import ControlError
from gateway.lab.backend import CommandError, Node
from gateway.lab.cpe import tail

LAB_FILE = "/run/lab.yaml"
CONTROL = "/run/gsalab/control.sock"
LOG = "/run/gateway.log"
UP = ("up", "-f", LAB_FILE, "--control", CONTROL)
"""What a person would type after ``gsalab`` in the gateway's node."""
START_TIMEOUT = 20.0
_POLL = 0.05

Json = dict[str, Any]


class GatewayNode:
    """The running gateway.

    Args:
        node: Its node.
        command: How it is started; it reads ``LAB_FILE`` and listens on ``CONTROL``, as the node sees them.
    """

    def __init__(self, node: Node, command: tuple[str, ...]) -> None:
        self.node = node
        self._command = command
        self._idle: Connection | None = None
        self._one_at_a_time = asyncio.Lock()

    async def start(self) -> None:
        """Start it and wait until it listens, which it does when it is ready; raises ``CommandError``."""
        self.daemon = await self.node.start(*self._command, log=LOG)
        deadline = time.monotonic() + START_TIMEOUT
        while not await self.node.listens(CONTROL):
            if self.daemon.status is not None or time.monotonic() > deadline:
                raise CommandError(
                    await self.ended()
                    or f"the gateway is not ready after {START_TIMEOUT:g} s:\n{await self.log()}"
                )
            await asyncio.sleep(_POLL)

    async def ask(self, method: str, **params: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
        """Ask over the control socket; raises ``CommandError`` when there is no answer."""
        async with self._one_at_a_time:
            connection, self._idle = self._idle, None
            try:
                connection = connection or Connection(*await self.node.connect(CONTROL))
                answer = await connection.request(method, **params)
            except BaseException as error:
                # Of no further use: it may be broken, or its answer still to come.
                if connection is not None:
                    connection.close()
                if isinstance(error, ControlError | OSError):
                    raise CommandError(await self.ended() or f"the gateway: {error}") from error
                raise
            self._idle = connection
            return answer

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
                connection = Connection(*await self.node.connect(CONTROL))
                async for record in connection.events():
                    on_record(record)

        self._following = asyncio.create_task(read())

    async def ended(self) -> str | None:
        """Why there is no gateway any more, None while there is."""
        if self.daemon.status is None:
            return None
        return f"the gateway ended with status {self.daemon.status}:\n{await self.log()}"

    async def log(self) -> str:
        """The end of its output."""
        return tail(await self.node.read(LOG))
