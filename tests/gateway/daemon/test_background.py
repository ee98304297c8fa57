"""Tasks beside the gateway: an error of one is told at once, and stops nothing else."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from gateway.daemon import background


async def fails() -> None:
    raise ValueError("no such tunnel")


async def lasts() -> None:
    await asyncio.Event().wait()


def told(course: Callable[[], Awaitable[None]]) -> list[tuple[str, str]]:
    """What the loop's exception handler is told while a course runs: message and error."""
    contexts: list[dict[str, Any]] = []

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: contexts.append(context))
        await course()

    asyncio.run(run())
    return [(context["message"], str(context["exception"])) for context in contexts]


def test_an_error_is_told_once_though_the_task_is_still_held_and_ended_later() -> None:
    async def course() -> None:
        task = background.begin(fails(), "the probe of branch/cpe/0")
        await asyncio.wait([task])
        await background.end(task)

    assert told(course) == [("the probe of branch/cpe/0 ended by an error", "no such tunnel")]


def test_ending_waits_for_the_task_and_is_no_error() -> None:
    async def course() -> None:
        task = background.begin(lasts(), "a watch")
        await asyncio.sleep(0)
        await background.end(task)
        assert task.cancelled()

    assert told(course) == []
