"""Runs every scenario, several at a time, and compares what each was to find with what it found."""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.lab import scenario as scenarios

_ONE_RUN = 300.0
"""Seconds after which a run is given up."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run of one scenario came to.

    Args:
        scenario: Its name.
        expected: Codes of the findings that it had to end with, sorted.
        found: Codes that it ended with, sorted.
        ok: Whether everything was as the scenario says.
        problems: What was not.
        seconds: How long it took.
    """

    scenario: str
    expected: tuple[str, ...]
    found: tuple[str, ...]
    ok: bool
    problems: tuple[str, ...]
    seconds: float

    @property
    def extra(self) -> tuple[str, ...]:
        """Codes that were found beside the expected ones."""
        return tuple(code for code in self.found if code not in self.expected)


async def run_all(
    names: Sequence[str], *, backend: str, fixed: bool, jobs: int, on_outcome: Callable[[Outcome], None]
) -> list[Outcome]:
    """Run scenarios, each in a process of its own.

    Args:
        names: Of the scenarios.
        backend: Where the nodes live.
        fixed: Run the failure scenarios with their fix.
        jobs: How many run at a time.
        on_outcome: Called as each ends.
    """
    free = asyncio.Semaphore(jobs)

    async def one(name: str) -> Outcome:
        async with free:
            outcome = await _run(name, backend=backend, fixed=fixed)
            on_outcome(outcome)
            return outcome

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(name)) for name in names]
    return [task.result() for task in tasks]


async def _run(name: str, *, backend: str, fixed: bool) -> Outcome:
    scenario = scenarios.load(name)
    fix = ("--fix",) if fixed and scenario.fix is not None else ()
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.cli", "lab", "run", name, "--backend", backend, "-o", "json", *fix),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_ONE_RUN):
            output, errors = await process.communicate()
    except TimeoutError:
        output, errors = b"", f"it did not end within {_ONE_RUN:g} s".encode()
    finally:
        if process.returncode is None:  # given up, or interrupted: its sandbox goes with it
            process.terminate()
            await process.wait()
    expected = () if fix else tuple(sorted(scenario.expect))
    return _outcome(name, expected, output, errors, time.monotonic() - started)


def _outcome(name: str, expected: tuple[str, ...], output: bytes, errors: bytes, seconds: float) -> Outcome:
    try:
        report: Mapping[str, Any] = json.loads(output)
    except ValueError:
        said = errors.decode(errors="replace").strip().splitlines()
        report = {"ok": False, "problems": said[-3:] or ["it printed no report"]}
    found = {finding["code"] for finding in report.get("findings", ())}
    return Outcome(
        scenario=name,
        expected=expected,
        found=tuple(sorted(found)),
        ok=bool(report["ok"]),
        problems=tuple(report.get("problems", ())),
        seconds=seconds,
    )
