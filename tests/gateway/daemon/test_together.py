"""Several things at once: all end, or the first error does it for all."""

import asyncio

import pytest

from gateway.daemon.together import together


def test_all_run_at_the_same_time() -> None:
    async def scenario() -> None:
        first, second = asyncio.Event(), asyncio.Event()

        async def one() -> None:
            first.set()
            await second.wait()

        async def other() -> None:
            await first.wait()
            second.set()

        async with asyncio.timeout(5):
            await together(one(), other())

    asyncio.run(scenario())


def test_the_first_error_is_raised_as_it_is_and_cancels_the_others() -> None:
    cancelled = asyncio.Event()

    async def fails() -> None:
        raise OSError("no device")

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with pytest.raises(OSError, match="no device"):
        asyncio.run(together(waits(), fails()))
    assert cancelled.is_set()
