"""Tasks that run beside the gateway: an error of one is told when it happens, and stops nothing else."""

import asyncio
from collections.abc import Coroutine
from typing import Any


def begin(doing: Coroutine[Any, Any, None], what: str) -> asyncio.Task[None]:
    """Run a coroutine as a task on the running loop; the loop's exception handler is told of its error.

    Args:
        doing: What to run.
        what: Names it in the log.
    """
    task = asyncio.create_task(doing, name=what)
    task.add_done_callback(_tell_error)
    return task


async def end(*tasks: asyncio.Task[None]) -> None:
    """Cancel tasks and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)  # an error was told when it happened


def _tell_error(task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        context = {"message": f"{task.get_name()} ended by an error", "exception": error, "task": task}
        task.get_loop().call_exception_handler(context)
