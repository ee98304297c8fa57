"""Runs every scenario, several at a time, and compares what each was to find with what it found."""

import asyncio
import contextlib
import json
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from gateway.lab import scenario as scenarios
from gateway.lab.scenario import ScenarioError
from gateway.lab.scenario_model import Scenario
from gateway.netns.linux import set_parent_death_signal

ONE_RUN = 300.0
"""Seconds after which a run is given up."""
COMMAND = (sys.executable, "-m", "gateway.cli", "lab", "run")
"""Runs one scenario in a process of its own."""
_TICK = 1.0
_LAST_WORDS = 3


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run of one scenario came to.

    Args:
        scenario: Its name.
        expected: Codes of the findings that it had to end with, sorted.
        found: Codes that it ended with, sorted.
        problems: What was not as the scenario says.
        seconds: How long it took.
        fixed: Whether it was run with its fix.
    """

    scenario: str
    expected: tuple[str, ...]
    found: tuple[str, ...]
    problems: tuple[str, ...]
    seconds: float
    fixed: bool = False

    @property
    def ok(self) -> bool:
        """Whether everything was as the scenario says: no problem, every expected finding, and no other."""
        return not self.problems and self.found == self.expected

    @property
    def extra(self) -> tuple[str, ...]:
        """Codes that were found beside the expected ones."""
        return tuple(code for code in self.found if code not in self.expected)

    def as_json(self) -> dict[str, Any]:
        """The outcome as a JSON object, with ``ok`` and ``extra``."""
        return asdict(self) | {"ok": self.ok, "extra": self.extra}


class Watch(Protocol):
    """Is told how the runs go."""

    def begin(self, scenario: str) -> None:
        """A run has begun."""

    def add(self, outcome: Outcome) -> None:
        """A run has ended."""

    def tick(self) -> None:
        """A second has passed."""


class Unwatched:
    """For output that has no progress."""

    def begin(self, scenario: str) -> None:
        """Nothing."""

    def add(self, outcome: Outcome) -> None:
        """Nothing."""

    def tick(self) -> None:
        """Nothing."""


async def run_all(
    names: Sequence[str], *, backend: str, fixed: bool, jobs: int, watch: Watch
) -> list[Outcome]:
    """Run scenarios, each in a process of its own; when this is cancelled, or SIGTERM comes, they end.

    Args:
        names: Of the scenarios.
        backend: Where the nodes live.
        fixed: Run the failure scenarios with their fix.
        jobs: How many run at a time.
        watch: Told how they go.

    Returns:
        An outcome for each scenario, in the order of ``names``.
    """
    free = asyncio.Semaphore(jobs)

    async def one(name: str) -> Outcome:
        async with free:
            watch.begin(name)
            outcome = await _run(name, backend=backend, fixed=fixed)
            watch.add(outcome)
            return outcome

    async def tick() -> None:
        while True:
            await asyncio.sleep(_TICK)
            watch.tick()

    with _ended_by_sigterm():
        ticking = asyncio.create_task(tick())
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(name)) for name in names]
        finally:
            ticking.cancel()
    return [task.result() for task in tasks]


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM cancels the current task meanwhile, as SIGINT does in ``asyncio.run``."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task is None:
        raise RuntimeError("runs have to be started in a task")
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


async def _run(name: str, *, backend: str, fixed: bool) -> Outcome:
    started = time.monotonic()
    try:
        scenario = scenarios.load(name)
    except ScenarioError as error:
        return Outcome(scenario=name, expected=(), found=(), problems=tuple(error.problems), seconds=0.0)
    with_fix = fixed and scenario.fix is not None
    arguments = (name, "--backend", backend, "-o", "json", *(("--fix",) if with_fix else ()))
    output, errors = await _output_of(*COMMAND, *arguments)
    return _outcome(scenario, output, errors, fixed=with_fix, seconds=time.monotonic() - started)


async def _output_of(*command: str) -> tuple[bytes, bytes]:
    """What a command prints, and its errors; it ends when this is cancelled, and when this process ends."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=_die_with_parent,
    )
    try:
        async with asyncio.timeout(ONE_RUN):
            return await process.communicate()
    except TimeoutError:
        return b"", f"it did not end within {ONE_RUN:g} s".encode()
    finally:
        if process.returncode is None:  # given up, or interrupted: its lab goes with it
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


def _die_with_parent() -> None:
    set_parent_death_signal(signal.SIGTERM)


def _outcome(scenario: Scenario, output: bytes, errors: bytes, *, fixed: bool, seconds: float) -> Outcome:
    try:
        report: Mapping[str, Any] = json.loads(output)
    except ValueError:
        said = errors.decode(errors="replace").strip().splitlines()
        report = {"problems": said[-_LAST_WORDS:] or ["it printed no report"]}
    return Outcome(
        scenario=scenario.name,
        expected=() if fixed else tuple(sorted(scenario.expect)),
        found=tuple(sorted({finding["code"] for finding in report.get("findings", ())})),
        problems=tuple(report.get("problems", ())),
        seconds=seconds,
        fixed=fixed,
    )
