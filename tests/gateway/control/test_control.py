"""The control socket: JSON lines, errors that say what to do, nobody else's business."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.control.client import Unreachable, follow_events, request
from gateway.control.server import ControlError, ControlServer
from gateway.records import Stream


async def _double(params: dict[str, Any]) -> Any:
    return params["number"] * 2


async def _refuse(_: dict[str, Any]) -> Any:
    raise ControlError("not now")


@asynccontextmanager
async def running(path: Path, stream: Stream) -> AsyncIterator[ControlServer]:
    server = ControlServer(path, {"double": _double, "refuse": _refuse}, stream)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def raw(path: Path, line: bytes) -> dict[str, Any]:
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(line)
    answer: dict[str, Any] = json.loads(await reader.readline())
    writer.close()
    return answer


def test_a_method_is_answered(tmp_path: Path) -> None:
    async def scene() -> None:
        async with running(tmp_path / "c", Stream()):
            assert await request(tmp_path / "c", "double", number=21) == 42

    asyncio.run(scene())


def test_the_socket_is_its_owners_alone(tmp_path: Path) -> None:
    async def scene() -> None:
        async with running(tmp_path / "c", Stream()):
            assert (tmp_path / "c").stat().st_mode & 0o777 == 0o600

    asyncio.run(scene())


def test_a_refusal_reaches_the_client_as_text(tmp_path: Path) -> None:
    async def scene() -> None:
        async with running(tmp_path / "c", Stream()):
            with pytest.raises(ControlError, match="not now"):
                await request(tmp_path / "c", "refuse")

    asyncio.run(scene())


def test_an_unknown_method_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    async def scene() -> None:
        async with running(tmp_path / "c", Stream()):
            with pytest.raises(ControlError, match="double, events, refuse"):
                await request(tmp_path / "c", "triple")

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"not json\n", "no JSON"),
        (b"[]\n", "method"),
        (b'{"method": 5}\n', "method"),
        (b'{"method": "double", "params": []}\n', "params"),
        (b'{"method": "events", "params": {"since": "x"}}\n', "since"),
    ],
)
def test_a_broken_request_is_answered_with_what_is_wrong(tmp_path: Path, line: bytes, says: str) -> None:
    async def scene() -> None:
        async with running(tmp_path / "c", Stream()):
            assert says in (await raw(tmp_path / "c", line))["error"]["message"]

    asyncio.run(scene())


def test_events_are_those_after_an_id_and_then_those_to_come(tmp_path: Path) -> None:
    async def scene() -> list[str]:
        stream = Stream()
        stream.publish("lab", "first")
        stream.publish("lab", "second")
        seen = []
        async with running(tmp_path / "c", stream):
            async for record in follow_events(tmp_path / "c", since=1):
                seen.append(record["name"])
                if record["name"] == "third":
                    break
                stream.publish("lab", "third")
        return seen

    assert asyncio.run(scene()) == ["second", "third"]


def test_a_second_gateway_on_the_same_socket_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        async with running(tmp_path / "c", Stream()):
            with pytest.raises(ControlError, match="running already"):
                await ControlServer(tmp_path / "c", {}, Stream()).start()

    asyncio.run(scene())


def test_a_socket_left_by_a_killed_gateway_is_replaced(tmp_path: Path) -> None:
    async def scene() -> None:
        server = await asyncio.start_unix_server(lambda _r, _w: None, tmp_path / "c")
        server.close()
        (tmp_path / "c").touch(exist_ok=True)
        async with running(tmp_path / "c", Stream()):
            assert await request(tmp_path / "c", "double", number=1) == 2

    asyncio.run(scene())


def test_without_a_gateway_the_client_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=str(tmp_path)):
        asyncio.run(request(tmp_path / "nobody", "status"))


def test_stopping_removes_the_socket_and_ends_the_streams(tmp_path: Path) -> None:
    async def scene() -> bool:
        stream = Stream()
        stream.publish("lab", "first")
        server = ControlServer(tmp_path / "c", {}, stream)
        await server.start()
        records = follow_events(tmp_path / "c")
        await anext(records)
        await server.stop()
        with pytest.raises(StopAsyncIteration):
            await anext(records)
        return (tmp_path / "c").exists()

    assert asyncio.run(scene()) is False
