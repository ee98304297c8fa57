"""Asks a running gateway over its control socket."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from gateway.control.server import ControlError

_LINE_LIMIT = 16 * 1024 * 1024
"""Octets of one answer; a record with hundreds of prefixes is long."""


class Unreachable(ControlError):
    """Nothing answers on the socket."""


async def request(control: Path, method: str, **params: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """Ask the gateway and return the result.

    Raises:
        Unreachable: Nothing answers on the socket.
        ControlError: The gateway refuses; the text says why.
    """
    async with _connection(control) as (reader, writer):
        await _send(writer, method, params)
        line = await reader.readline()
        if not line:
            raise ControlError(f"the gateway closed the connection before it answered {method}")
        return _result(json.loads(line))


async def follow_events(control: Path, *, since: int = 0) -> AsyncIterator[dict[str, Any]]:
    """The gateway's records after ``since`` as JSON objects, then those to come, until the gateway ends.

    Raises:
        Unreachable: Nothing answers on the socket.
        ControlError: The gateway refuses.
    """
    async with _connection(control) as (reader, writer):
        await _send(writer, "events", {"since": since})
        while line := await reader.readline():
            answer = json.loads(line)
            yield answer if "error" not in answer else _result(answer)


@contextlib.asynccontextmanager
async def _connection(control: Path) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    try:
        reader, writer = await asyncio.open_unix_connection(str(control), limit=_LINE_LIMIT)
    except OSError as error:
        raise Unreachable(f"no gateway answers on {control}: {error.strerror or error}") from error
    try:
        yield reader, writer
    finally:
        writer.close()


async def _send(writer: asyncio.StreamWriter, method: str, params: dict[str, Any]) -> None:
    writer.write(json.dumps({"method": method, "params": params}).encode() + b"\n")
    await writer.drain()


def _result(answer: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    if "error" in answer:
        raise ControlError(answer["error"]["message"])
    return answer["result"]
