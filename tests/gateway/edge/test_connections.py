"""TCP connections: how many at once, and how they end."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from gateway.edge import connections
from gateway.edge.connections import ConnectionServer
from gateway.edge.visit import Flow
from gateway.netns.netlink import LOOPBACK_INDEX

Script = Callable[[ConnectionServer, int], Awaitable[None]]


async def greet_and_wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flow: Flow) -> None:
    """Tell the client what is known of its connection, then wait for it to leave."""
    writer.write(f"{flow.source} {flow.destination} {flow.interface}\n".encode())
    await reader.read()


def serve(script: Script) -> None:
    """Run a client's script against a listener on loopback, given the server and its port."""

    async def run() -> None:
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        bound.bind(("", 0))
        server = ConnectionServer()
        await server.listen(bound, greet_and_wait)
        async with asyncio.timeout(5):
            await script(server, bound.getsockname()[1])
        await server.close()

    asyncio.run(run())


def test_the_addresses_and_the_interface_of_the_connection_are_known() -> None:
    async def script(_: ConnectionServer, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.53", port)
        assert await reader.readline() == f"127.0.0.1 127.0.0.53 {LOOPBACK_INDEX}\n".encode()
        writer.close()

    serve(script)


def test_one_connection_too_many_is_closed_and_its_place_is_free_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 1)

    async def script(_: ConnectionServer, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.readline()
        refused, refused_writer = await asyncio.open_connection("127.0.0.1", port)
        assert await refused.read() == b""
        refused_writer.close()
        writer.close()
        assert await reader.read() == b""
        await asyncio.sleep(0.05)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.readline()
        writer.close()

    serve(script)


def test_closing_the_server_ends_open_connections() -> None:
    async def script(server: ConnectionServer, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        await server.close()
        assert await reader.read() == b""
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)

    serve(script)
