"""Puts the steps of several reporters in the order in which they happened."""

import asyncio
from collections.abc import Callable

from gateway.lab.result import Step

_HOLD = 0.15
"""Seconds that a step waits for an earlier one of a reporter that is slower to tell."""


class StepOrder:
    """Holds each step for a moment, and passes them on by their time.

    Args:
        on_step: Told the steps in order.
    """

    def __init__(self, on_step: Callable[[Step], None]) -> None:
        self._on_step = on_step
        self._held: list[Step] = []

    def add(self, step: Step) -> None:
        """Take a step; must be called on an event loop."""
        self._held.append(step)
        asyncio.get_running_loop().call_later(_HOLD, self._release, step)

    def flush(self) -> None:
        """Pass on all that is held: what follows happened later."""
        held, self._held = sorted(self._held, key=_when), []
        for step in held:
            self._on_step(step)

    def _release(self, step: Step) -> None:
        """A step has waited long enough, and so have those before it."""
        if not any(step is held for held in self._held):
            return
        due = sorted((held for held in self._held if held.ms <= step.ms), key=_when)
        self._held = [held for held in self._held if held.ms > step.ms]
        for each in due:
            self._on_step(each)


def _when(step: Step) -> int:
    return step.ms
