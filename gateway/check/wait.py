"""Follows a running gateway until all has passed, a proven finding stands, or the time is up."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.check.steps import Json, Status, Step, grade
from gateway.check.trial import is_awaited
from gateway.control.client import follow_events, request
from gateway.control.server import ControlError
from gateway.diagnosis import Certainty, Finding, Severity, diagnose, facts_from
from gateway.diagnosis.facts import Record, TunnelFacts

STANDING_SECONDS = 3.0
"""A proven finding that is still there after so long will not go away by itself; another one is told."""
_POLL_SECONDS = 0.25


class UnknownTunnel(Exception):
    """A tunnel to be graded is not one of the running gateway's; the text says which there are."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a check found.

    Args:
        steps: Of every tunnel.
        findings: Why steps fail, and warnings.
        started: When the check began, in seconds since the Unix epoch.
        seconds: How long it took.
    """

    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    started: float
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether every step passed and nothing but warnings was found."""
        return not errors(self.findings) and all(step.status is Status.PASSED for step in self.steps)


Select = Callable[[Json], Sequence[str] | None]
"""Names of the tunnels to grade, from the gateway's ``status``; None for all. Raises ``UnknownTunnel``."""


async def check(
    control: Path,
    *,
    wait: float,
    select: Select = lambda _: None,
    on_steps: Callable[[Sequence[Step]], None] = lambda _: None,
    on_likely: Callable[[Finding, float], None] = lambda _finding, _left: None,
) -> Result:
    """Wait for the CPE and grade it.

    Args:
        control: The gateway's control socket.
        wait: Seconds until the steps are graded as they are.
        select: Which tunnels to grade.
        on_steps: Called with the steps whenever they were graded.
        on_likely: Called with each finding that stands and is not proven, and with the seconds for which the
            check will still wait for it to go away.

    Raises:
        ControlError: No gateway answers, or it ended meanwhile.
        UnknownTunnel: From ``select``, or when there is nothing to grade.
    """
    begun, started = time.monotonic(), time.time()
    standing = Standing()
    async with _records(control) as records:
        while True:
            status = await request(control, "status")
            only = select(status)
            seen = await records.until(status["last_record"])
            steps = grade(status, seen, only)
            if not steps:
                raise UnknownTunnel("the running gateway has no tunnel to grade")
            on_steps(steps)
            findings = _findings(status, seen, only)
            elapsed = time.monotonic() - begun
            result = Result(steps=tuple(steps), findings=tuple(findings), started=started, seconds=elapsed)
            settled = standing.settled(errors(findings), elapsed, _ages(findings, seen, status["time"]))
            done = result.ok and not _awaits_trial(status, seen, only, wait - elapsed)
            if done or elapsed >= wait or any(f.certainty is Certainty.PROVEN for f in settled):
                return result
            for finding in settled:
                on_likely(finding, wait - elapsed)
            await asyncio.sleep(min(_POLL_SECONDS, max(0.0, wait - elapsed)))


def errors(findings: Sequence[Finding]) -> list[Finding]:
    """The findings that are more than a warning."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]


class Standing:
    """Remembers since when each finding stands."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str | None], float] = {}

    def settled(
        self, findings: Sequence[Finding], now: float, ages: Mapping[int, float] | None = None
    ) -> list[Finding]:
        """Those that were found for ``STANDING_SECONDS`` without a break, or rest on evidence of that age.

        Args:
            findings: What is found now.
            now: The time, in seconds.
            ages: Seconds that have passed since a record, by its id; the last of a finding's counts.
        """
        known = ages or {}
        since = {_key(f): now - known.get(f.because[-1], 0.0) for f in findings}
        self._since = {key: min(begun, self._since.get(key, now)) for key, begun in since.items()}
        return [f for f in findings if now - self._since[_key(f)] >= STANDING_SECONDS]


def _key(finding: Finding) -> tuple[str, str | None]:
    return finding.code, finding.tunnel


def _ages(findings: Sequence[Finding], records: Sequence[Record], now: float) -> dict[int, float]:
    """Seconds since each record on which the findings rest."""
    wanted = {record for finding in findings for record in finding.because}
    return {record["id"]: now - record["time"] for record in records if wanted and record["id"] in wanted}


def _findings(status: Json, records: Sequence[Record], only: Sequence[str] | None) -> list[Finding]:
    """What is wrong with the graded tunnels, until the moment of the status."""
    found = diagnose(records, tunnels=_tunnels(status), now=status["time"])
    return [f for f in found if only is None or f.tunnel is None or f.tunnel in only]


def _awaits_trial(status: Json, records: Sequence[Record], only: Sequence[str] | None, left: float) -> bool:
    """Whether the outcome of a graded tunnel's trial rekey is to come within ``left`` seconds."""
    graded = (tunnel for tunnel in _tunnels(status) if only is None or tunnel.name in only)
    return any(is_awaited(tunnel, records, status["time"], left=left) for tunnel in graded)


def _tunnels(status: Json) -> list[TunnelFacts]:
    return [facts_from(t) for network in status["remote_networks"] for t in network["tunnels"]]


class _Records:
    """The gateway's records so far, in their JSON form."""

    def __init__(self) -> None:
        self._all: list[Record] = []
        self._changed = asyncio.Event()
        self._ended = False

    async def follow(self, control: Path) -> None:
        """Collect what the gateway publishes, until it ends."""
        try:
            async for record in follow_events(control):
                self._all.append(record)
                self._changed.set()
        finally:
            self._ended = True
            self._changed.set()

    async def until(self, last: int) -> list[Record]:
        """The records, once the one with the id ``last`` has come.

        Raises:
            ControlError: The stream ended before.
        """
        while last > (self._all[-1]["id"] if self._all else 0):
            if self._ended:
                raise ControlError("the gateway ended its stream of records")
            self._changed.clear()
            await self._changed.wait()
        return self._all


@contextlib.asynccontextmanager
async def _records(control: Path) -> AsyncIterator["_Records"]:
    """The gateway's records, growing while the context lasts."""
    records = _Records()
    task = asyncio.create_task(records.follow(control))
    try:
        yield records
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, ControlError):
            await task
