"""TCP listeners of the edge, with a limit on what they hold open together."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address

from gateway.edge.pktinfo import interface_of, switch_on
from gateway.edge.visit import Flow

Connection = Callable[[asyncio.StreamReader, asyncio.StreamWriter, Flow], Awaitable[None]]
"""Serves a connection, and leaves closing to the caller."""

MAX_CONNECTIONS = 256
"""Open at once; further ones are closed as they come."""

_READ_LIMIT = 16 * 1024
_CLOSE_SECONDS = 2.0


class ConnectionServer:
    """Accepts connections on the running loop and serves each in a task."""

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, bound: socket.socket, serve: Connection) -> None:
        """Accept on a bound TCP socket, which belongs to the server from here on."""

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if len(self._tasks) >= MAX_CONNECTIONS:
                writer.transport.abort()
                return
            task = asyncio.get_running_loop().create_task(_serve_and_close(reader, writer, serve))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        switch_on(bound)
        self._servers.append(await asyncio.start_server(accept, sock=bound, limit=_READ_LIMIT))

    async def close(self) -> None:
        """Stop accepting and end the open connections."""
        for server in self._servers:
            server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._servers.clear()


async def _serve_and_close(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, serve: Connection
) -> None:
    """Serve a connection, then close it; a client that takes nothing more is cut off."""
    try:
        flow = Flow(
            source=IPv4Address(writer.get_extra_info("peername")[0]),
            destination=IPv4Address(writer.get_extra_info("sockname")[0]),
            interface=interface_of(writer.get_extra_info("socket")),
        )
        with contextlib.suppress(ConnectionError):
            await serve(reader, writer, flow)
        writer.close()
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await writer.wait_closed()
    finally:
        writer.transport.abort()
