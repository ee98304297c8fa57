"""Asks a running gateway over its control socket."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

from gateway.control.server import ControlError

LINE_LIMIT = 16 * 1024 * 1024
"""Octets of one answer; a record with hundreds of prefixes is long."""


class Unreachable(ControlError):
    """Nothing answers on the socket."""


class Writer(Protocol):
    """The sending side of a byte stream, of which ``asyncio.StreamWriter`` is one."""

    def write(self, data: bytes, /) -> None:
        """Send; what cannot be sent at once is kept."""

    async def drain(self) -> None:
        """Wait until little is kept."""

    def close(self) -> None:
        """End both directions."""


class Connection:
    """A connection to a gateway, for one request after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def request(self, method: str, **params: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
        """Ask, and return the result.

        Raises:
            ControlError: The gateway refuses, the text says why; or it has ended.
        """
        await self._send(method, params)
        line = await self._reader.readline()
        if not line:
            raise ControlError(f"the gateway closed the connection before it answered {method}")
        return _result(json.loads(line))

    async def events(self, *, since: int = 0) -> AsyncIterator[dict[str, Any]]:
        """The gateway's records after ``since``, then those to come; the connection is of no other use then.

        Raises:
            ControlError: The gateway refuses.
        """
        await self._send("events", {"since": since})
        while line := await self._reader.readline():
            answer = json.loads(line)
            yield answer if "error" not in answer else _result(answer)

    def close(self) -> None:
        """End the connection."""
        self._writer.close()

    async def _send(self, method: str, params: dict[str, Any]) -> None:
        self._writer.write(json.dumps({"method": method, "params": params}).encode() + b"\n")
        await self._writer.drain()


async def request(control: Path, method: str, **params: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """Ask the gateway and return the result.

    Raises:
        Unreachable: Nothing answers on the socket.
        ControlError: The gateway refuses; the text says why.
    """
    async with _connection(control) as connection:
        return await connection.request(method, **params)


async def follow_events(control: Path, *, since: int = 0) -> AsyncIterator[dict[str, Any]]:
    """The gateway's records after ``since`` as JSON objects, then those to come, until the gateway ends.

    Raises:
        Unreachable: Nothing answers on the socket.
        ControlError: The gateway refuses.
    """
    async with _connection(control) as connection:
        async for record in connection.events(since=since):
            yield record


@contextlib.asynccontextmanager
async def _connection(control: Path) -> AsyncIterator[Connection]:
    try:
        reader, writer = await asyncio.open_unix_connection(str(control), limit=LINE_LIMIT)
    except OSError as error:
        raise Unreachable(f"no gateway answers on {control}: {error.strerror or error}") from error
    connection = Connection(reader, writer)
    try:
        yield connection
    finally:
        connection.close()


def _result(answer: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    if "error" in answer:
        raise ControlError(answer["error"]["message"])
    return answer["result"]
