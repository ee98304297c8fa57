"""Steps of several reporters come out by their time."""

import asyncio

from gateway.lab.result import Step
from gateway.lab.step_order import StepOrder


def step(ms: int) -> Step:
    return Step(ms=ms, who="nat", what="x")


def test_a_step_that_is_told_late_comes_before_those_that_happened_after_it() -> None:
    async def act() -> list[int]:
        seen: list[int] = []
        order = StepOrder(lambda each: seen.append(each.ms))
        for ms in (1, 5, 9, 4):
            order.add(step(ms))
        assert seen == []
        await asyncio.sleep(0.3)
        return seen

    assert asyncio.run(act()) == [1, 4, 5, 9]


def test_flush_passes_on_everything_in_order_and_only_once() -> None:
    async def act() -> list[int]:
        seen: list[int] = []
        order = StepOrder(lambda each: seen.append(each.ms))
        order.add(step(2))
        order.add(step(1))
        order.flush()
        order.add(step(0))
        order.flush()
        await asyncio.sleep(0.3)
        return seen

    assert asyncio.run(act()) == [1, 2, 0]
