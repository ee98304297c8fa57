"""Writes the outcomes of many runs: a line for each as it ends, then the sum."""

import time
from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.markup import escape

from gateway.lab.all import Outcome


class OutcomeTable:
    """A table that grows as runs end.

    Args:
        names: The scenarios that run.
        file: Where to write; standard output by default.
    """

    def __init__(self, names: Sequence[str], file: TextIO | None = None) -> None:
        self._console = Console(file=file, highlight=False, soft_wrap=True)
        self._width = max(map(len, names))
        self._total = len(names)
        self._ended = 0
        self._started = time.monotonic()
        header = f"{'':>9}  {'scenario':<{self._width}}  {'expected':<24}  found"
        self._console.print(f"[dim]{header}[/]")

    def add(self, outcome: Outcome) -> None:
        """One more has ended."""
        self._ended += 1
        mark, colour = ("✓", "green") if outcome.ok else ("✗", "red")
        expected, found = " ".join(outcome.expected) or "works", " ".join(outcome.found)
        count = f"{self._ended}/{self._total}"
        said = found or ("works" if outcome.ok else "nothing")
        line = f"{count:>7} [{colour}]{mark}[/]  {outcome.scenario:<{self._width}}  {expected:<24}  {said}"
        self._console.print(f"{line}  [dim]{outcome.seconds:.0f} s[/]")
        for problem in () if outcome.ok else outcome.problems:
            self._console.print(f"{'':>9}  [red]{escape(problem)}[/]")

    def end(self, outcomes: Sequence[Outcome]) -> None:
        """The sum."""
        bad = [outcome for outcome in outcomes if not outcome.ok]
        extra = sum(len(outcome.extra) for outcome in outcomes)
        seconds = time.monotonic() - self._started
        self._console.print()
        if bad:
            names = ", ".join(outcome.scenario for outcome in bad)
            self._console.print(
                f"[bold red]✗ {len(bad)} of {len(outcomes)} scenarios are not as expected[/]: {names}"
            )
        else:
            self._console.print(f"[bold green]✓ all {len(outcomes)} scenarios are as expected[/]")
        self._console.print(f"  {extra} extra findings, {seconds:.0f} s")
