"""Several things at once."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def together(*doing: Coroutine[Any, Any, object]) -> None:
    """Await all of them at once; the first error cancels the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for each in doing:
                group.create_task(each)
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
