"""Writes the outcomes of many runs: a line for each as it ends, then the sum; what runs now on a terminal."""

import time
from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.text import Text

from gateway.lab.all import Outcome

_EXPECTED = 24
"""Columns of the expected codes: two of them."""


class OutcomeTable:
    """A table that grows as runs end. On a terminal a last line shows what runs meanwhile.

    Args:
        names: The scenarios that run.
        file: Where to write; standard output by default.
        jobs: How many run at a time.
        fixed: Whether the failures run with their fix.
        again: What a person types before a scenario's name to run it alone.
    """

    def __init__(
        self,
        names: Sequence[str],
        file: TextIO | None = None,
        *,
        jobs: int = 1,
        fixed: bool = False,
        again: str = "gsalab lab run",
    ) -> None:
        self._console = Console(file=file, highlight=False, soft_wrap=True)
        self._fixed, self._again = fixed, again
        self._width = max(map(len, names), default=0)
        self._total = len(names)
        self._ended = 0
        self._running: dict[str, float] = {}
        self._started = time.monotonic()
        header = f"{'':>9}  {'scenario':<{self._width}}  {'expected':<{_EXPECTED}}  found"
        how = "each failure with its fix" if fixed else "each with what it has to find"
        several = f", {jobs} at a time" if jobs > 1 else ""
        self._console.print(f"{self._total} scenarios{several}, {how}\n")
        self._console.print(f"[dim]{header}[/]")
        self._live: Live | None = None
        if self._console.is_terminal:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()

    def begin(self, scenario: str) -> None:
        """A run has begun."""
        self._running[scenario] = time.monotonic()
        self.tick()

    def tick(self) -> None:
        """Bring the line of what runs up to date."""
        if self._live is None:
            return
        now = time.monotonic()
        running = ", ".join(f"{name} {now - begun:.0f} s" for name, begun in self._running.items())
        after = _duration(now - self._started)
        line = f"{self._ended}/{self._total} after {after}; runs: {running or 'nothing'}"
        self._live.update(Text(line, style="dim", no_wrap=True, overflow="ellipsis"), refresh=True)

    def add(self, outcome: Outcome) -> None:
        """One more has ended."""
        self._ended += 1
        self._running.pop(outcome.scenario, None)
        mark, colour = ("✓", "green") if outcome.ok else ("✗", "red")
        expected = " ".join(outcome.expected) or "works"
        count = f"{self._ended}/{self._total}"
        line = (
            f"{count:>7} [{colour}]{mark}[/]  {outcome.scenario:<{self._width}}"
            f"  {expected:<{_EXPECTED}}  {_found(outcome)}"
        )
        self._console.print(f"{line}  [dim]{outcome.seconds:.0f} s[/]")
        for problem in outcome.problems:
            for text in problem.splitlines():
                self._console.print(f"{'':>9}  [red]{escape(text)}[/]")
        self.tick()

    def close(self) -> None:
        """Take the line of what runs away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def end(self, outcomes: Sequence[Outcome]) -> None:
        """The sum."""
        bad = [outcome for outcome in outcomes if not outcome.ok]
        extra = sum(len(outcome.extra) for outcome in outcomes)
        after = _duration(time.monotonic() - self._started)
        self._console.print()
        found = f"{extra} extra finding{'' if extra == 1 else 's'}" if extra else "no extra finding"
        if not bad:
            self._console.print(f"[bold green]✓ all {len(outcomes)} scenarios are as expected[/]")
            self._console.print(f"  {found}, {after}")
            return
        verdict = f"✗ {len(bad)} of {len(outcomes)} scenarios are not as expected"
        self._console.print(f"[bold red]{verdict}[/]")
        self._console.print(f"  {found}, {after}\n\nRun alone what failed, with all that it shows:")
        for outcome in bad:
            fix = " --fix" if self._fixed and outcome.fixed else ""
            self._console.print(f"  {self._again} {outcome.scenario}{fix}")


def _found(outcome: Outcome) -> str:
    """What a run ended with; codes that it had to find beside those that it had not."""
    wanted = [code for code in outcome.found if code not in outcome.extra]
    if outcome.ok and not wanted:
        return "works"
    extra = f"[red]extra {' '.join(outcome.extra)}[/]" if outcome.extra else ""
    return "  ".join(filter(None, (" ".join(wanted), extra))) or "[red]nothing[/]"


def _duration(seconds: float) -> str:
    """``45 s``, ``7 min 5 s``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
