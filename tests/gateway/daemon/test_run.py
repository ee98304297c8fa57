"""The methods of the control socket: a failure is an answer."""

import asyncio
from typing import Any

import pytest

from gateway.control.server import ControlError
from gateway.daemon.run import told
from gateway.edge.rules import RulesError


async def failing(_: dict[str, Any]) -> Any:
    raise RulesError("nft list: No such device or address")


def answer(stopping: asyncio.Event) -> str:
    """What a client is told whose question fails."""

    async def ask() -> Any:
        return await told(failing, stopping)({})

    with pytest.raises(ControlError) as refused:
        asyncio.run(ask())
    return str(refused.value)


def test_a_question_that_a_part_cannot_answer_is_answered_with_the_reason() -> None:
    assert answer(asyncio.Event()) == "nft list: No such device or address"


def test_a_question_that_comes_too_late_is_told_that_the_gateway_is_stopping() -> None:
    stopping = asyncio.Event()
    stopping.set()
    assert answer(stopping) == "the gateway is stopping"
