"""Every scenario in a process of its own: its report becomes an outcome, and nothing outlives the command."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from gateway.lab import all as runs
from gateway.lab.all import Outcome, Unwatched, run_all

PSK = "GSA-IKE-020"


def says(*, problems: tuple[str, ...] = (), found: tuple[str, ...] = ()) -> dict[str, Any]:
    """A report as ``gsalab lab run -o json`` prints it."""
    return {"ok": not problems, "problems": problems, "findings": [{"code": code} for code in found]}


class Told(Unwatched):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.running: set[str] = set()
        self.most = 0
        self.outcomes: list[Outcome] = []

    def begin(self, scenario: str) -> None:
        self.running.add(scenario)
        self.most = max(self.most, len(self.running))

    def add(self, outcome: Outcome) -> None:
        self.running.remove(outcome.scenario)
        self.outcomes.append(outcome)


def run(
    monkeypatch: pytest.MonkeyPatch, script: str, *names: str, fixed: bool = False, jobs: int = 2
) -> tuple[list[Outcome], Told]:
    """Run scenarios with a Python script in the place of ``gsalab lab run``."""
    monkeypatch.setattr(runs, "COMMAND", (sys.executable, "-c", script))
    told = Told()
    done = run_all(names, backend="netns", fixed=fixed, jobs=jobs, watch=told)
    return asyncio.run(done), told


def printing(report: dict[str, Any]) -> str:
    return f"print({json.dumps(report)!r})"


def test_the_expected_finding_and_no_other_is_as_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    (outcome,), _ = run(monkeypatch, printing(says(found=(PSK,))), "psk-mismatch")
    assert (outcome.expected, outcome.found, outcome.extra, outcome.ok) == ((PSK,), (PSK,), (), True)


def test_a_finding_more_is_told_and_not_as_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    (outcome,), _ = run(monkeypatch, printing(says(found=(PSK, "GSA-BGP-001"))), "psk-mismatch")
    assert (outcome.extra, outcome.ok) == (("GSA-BGP-001",), False)


def test_a_warning_about_a_scenario_that_works_is_not_as_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    (outcome,), _ = run(monkeypatch, printing(says(found=("GSA-NAT-001",))), "basic")
    assert (outcome.expected, outcome.ok) == ((), False)


def test_with_its_fix_a_failure_scenario_has_to_end_without_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    needs_fix = "import sys; sys.exit('no --fix') if '--fix' not in sys.argv else None; "
    (good,), _ = run(monkeypatch, needs_fix + printing(says()), "psk-mismatch", fixed=True)
    assert (good.expected, good.problems, good.ok) == ((), (), True)
    (bad,), _ = run(monkeypatch, printing(says(found=(PSK,))), "psk-mismatch", fixed=True)
    assert not bad.ok


def test_a_scenario_that_works_is_run_without_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    refuses_fix = "import sys; sys.exit('--fix') if '--fix' in sys.argv else None; "
    (outcome,), _ = run(monkeypatch, refuses_fix + printing(says()), "basic", fixed=True)
    assert outcome.ok


def test_the_last_words_of_a_run_without_a_report_are_its_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    (outcome,), _ = run(monkeypatch, "import sys; sys.exit('no /dev/net/tun')", "basic")
    assert (outcome.problems, outcome.ok) == (("no /dev/net/tun",), False)
    (silent,), _ = run(monkeypatch, "pass", "basic")
    assert silent.problems == ("it printed no report",)


def test_a_run_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "ONE_RUN", 0.2)
    (outcome,), _ = run(monkeypatch, "import time; time.sleep(60)", "basic")
    assert outcome.problems == ("it did not end within 0.2 s",)


def test_a_scenario_that_cannot_be_read_is_an_outcome_and_the_others_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (bad, good), _ = run(monkeypatch, printing(says()), "bsaic", "basic")
    assert "no scenario is called bsaic" in bad.problems[0]
    assert good.ok


def test_no_more_run_at_a_time_than_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes, told = run(monkeypatch, printing(says()), *["basic", "nat-static", "two-branches"], jobs=2)
    assert told.most == 2
    assert [outcome.scenario for outcome in outcomes] == ["basic", "nat-static", "two-branches"]
    assert sorted(told.outcomes, key=lambda outcome: outcome.scenario) == outcomes


RUNNER = """
import asyncio, sys
from gateway.lab import all as runs
sleeps = "import os, sys, time; open(sys.argv[1] + '.pid', 'w').write(str(os.getpid())); time.sleep(600)"
runs.COMMAND = (sys.executable, "-c", sleeps)
names, watch = ["basic", "nat-static"], runs.Unwatched()
try:
    asyncio.run(runs.run_all(names, backend="netns", fixed=False, jobs=2, watch=watch))
except KeyboardInterrupt:
    print("interrupted")
except asyncio.CancelledError:
    print("terminated")
"""


@pytest.mark.parametrize(
    ("number", "said"),
    [(signal.SIGINT, "interrupted\n"), (signal.SIGTERM, "terminated\n"), (signal.SIGKILL, "")],
)
def test_no_run_outlives_the_command_however_it_ends(number: int, said: str, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RUNNER], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as all_:
        pids = [pid_in(tmp_path / f"{name}.pid") for name in ("basic", "nat-static")]
        all_.send_signal(number)
        assert all_.communicate(timeout=60)[0] == said
    deadline = time.monotonic() + 60
    while any(map(alive, pids)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def pid_in(file: Path) -> int:
    """The process that wrote its number into a file, once it has."""
    deadline = time.monotonic() + 60
    while not file.exists() or not file.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return int(file.read_text())


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        os.kill(pid, 0)
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False
