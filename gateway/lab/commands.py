"""The commands of ``gsalab lab``, without the parsing of their arguments; each returns its exit status."""

import asyncio
import contextlib
import json
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console

from gateway.lab import scenario as scenarios
from gateway.lab.all import Unwatched, run_all
from gateway.lab.netns import node_environment
from gateway.lab.result import Report, Step
from gateway.lab.runner import BACKENDS, run_scenario
from gateway.lab.scenario import ScenarioError
from gateway.lab.scenario_model import Scenario
from gateway.lab.state import KeptLab, kept_labs, remove
from gateway.lab.trace import LabTrace, write_trace
from gateway.lab.view import OutcomeTable, Screen, group, print_listing

OK, FAILED, USAGE, WARNINGS, INTERRUPTED, TERMINATED = 0, 1, 2, 3, 130, 143


def lab_run(
    scenario: str,
    *,
    backend: str = "netns",
    keep: bool = False,
    fixed: bool = False,
    overrides: Sequence[str] = (),
    trace: Path | None = None,
    output: str = "text",
) -> int:
    """Run a scenario and report.

    Args:
        scenario: Its name, or the path of a scenario file.
        backend: Where the nodes live.
        keep: Leave the lab up.
        fixed: Of a failure scenario: run it with its fix.
        overrides: Settings of the scenario to change, ``NAME=VALUE``.
        trace: File for the records of gateway, NAT boxes and CPEs.
        output: ``text`` or ``json``.

    Raises:
        EnvironmentProblem: Labs cannot run on this machine.
    """
    told = LabTrace()
    try:
        loaded = _prepare(scenario, backend, overrides, keep=keep, fixed=fixed)
        again = run_command(scenario, backend=backend, fixed=fixed, overrides=overrides)
        screen = Screen(loaded, again) if output == "text" else None
        if screen:
            screen.introduce()
        run = run_scenario(
            loaded,
            backend=backend,
            keep=keep,
            on_step=screen.step if screen else _ignore,
            trace=told if trace else None,
        )
    except ScenarioError as error:
        return _usage(error)
    except KeyboardInterrupt:
        kept = f"; what it told until then is in {trace}" if trace and told.has_begun else ""
        sys.stderr.write(f"\ninterrupted: the lab is gone{kept}\n")
        return INTERRUPTED
    finally:
        if trace and told.has_begun:
            write_trace(trace, told.records())
    if screen:
        screen.report(run.report, kept=run.kept is not None)
    else:
        sys.stdout.write(json.dumps(run.report.as_json(), indent=2) + "\n")
    return _status(run.report)


def run_command(scenario: str, *, backend: str, fixed: bool, overrides: Sequence[str] = ()) -> str:
    """The command that runs a scenario as these arguments of ``lab_run`` say, for a shell."""
    words = ["gsalab", "lab", "run", scenario]
    if backend != "netns":
        words += ["--backend", backend]
    for override in overrides:
        words += ["--set", override]
    return shlex.join([*words, "--fix"] if fixed else words)


def _status(report: Report) -> int:
    """A working lab about which something was found has the status of warnings."""
    if not report.ok:
        return FAILED
    return WARNINGS if report.findings and not report.expected else OK


def lab_run_all(*, backend: str = "netns", fixed: bool = False, jobs: int = 4, output: str = "text") -> int:
    """Run every scenario and compare what each has to find with what it finds.

    Args:
        backend: Where the nodes live.
        fixed: Run the failure scenarios with their fixes: all have to work.
        jobs: Labs at a time.
        output: ``text`` or ``json``.

    Raises:
        EnvironmentProblem: Labs cannot run on this machine.
    """
    if backend not in BACKENDS:
        return _usage(ScenarioError([f"no backend is called {backend}: there is {', '.join(BACKENDS)}"]))
    BACKENDS[backend]().require()
    every = scenarios.names()
    again = "gsalab lab run" + (f" --backend {backend}" if backend != "netns" else "")
    table = OutcomeTable(every, jobs=jobs, fixed=fixed, again=again) if output == "text" else None
    running = run_all(every, backend=backend, fixed=fixed, jobs=jobs, watch=table or Unwatched())
    try:
        with contextlib.closing(table) if table else contextlib.nullcontext():
            outcomes = asyncio.run(running)
    except (KeyboardInterrupt, asyncio.CancelledError) as end:
        sys.stderr.write("\ninterrupted: the labs are gone\n")
        return INTERRUPTED if isinstance(end, KeyboardInterrupt) else TERMINATED
    if table:
        table.end(outcomes)
    else:
        sys.stdout.write(json.dumps([outcome.as_json() for outcome in outcomes], indent=2) + "\n")
    return OK if all(outcome.ok for outcome in outcomes) else FAILED


def _prepare(scenario: str, backend: str, overrides: Sequence[str], *, keep: bool, fixed: bool) -> Scenario:
    """The scenario to run; raises ``ScenarioError`` or ``EnvironmentProblem`` when it cannot be."""
    if backend not in BACKENDS:
        raise ScenarioError([f"no backend is called {backend}: there is {', '.join(BACKENDS)}"])
    loaded = scenarios.load(scenario, scenarios.parse_settings(overrides), fixed=fixed)
    if fixed and loaded.fix is None:
        raise ScenarioError([f"{loaded.name} is no failure scenario: there is nothing to fix"])
    if keep and any(lab.name == loaded.name for lab in kept_labs()):
        enter, remove_it = "gsalab lab shell NODE", f"gsalab lab down {loaded.name}"
        raise ScenarioError(
            [f"lab {loaded.name} is up already: enter it with `{enter}`, remove it with `{remove_it}`"]
        )
    BACKENDS[backend]().require()
    return loaded


def _ignore(step: Step) -> None:
    """For output that has no timeline."""
    del step


def lab_list(*, output: str = "text") -> int:
    """The scenarios in groups, with the findings that they end with, and which of them are up."""
    up = {lab.name: lab for lab in kept_labs()}
    try:
        rows = [scenarios.load(name) for name in scenarios.names()]
    except ScenarioError as error:
        return _usage(error)
    if output == "json":
        listing = {
            "scenarios": [_listed(scenario) for scenario in rows],
            "labs": [
                {"name": lab.name, "created": lab.created, "nodes": list(lab.nodes)} for lab in up.values()
            ],
        }
        sys.stdout.write(json.dumps(listing, indent=2) + "\n")
        return OK
    console = Console(highlight=False, soft_wrap=True)
    print_listing(rows, {name: _since(lab) for name, lab in up.items()}, console)
    for lab in up.values():
        if lab.name not in {row.name for row in rows}:
            console.print(f"[bold]{lab.name}[/]   [green]{_since(lab)}[/]")
    return OK


def _listed(scenario: Scenario) -> dict[str, object]:
    """A scenario in the list, as a JSON object; ``wrong`` and ``fix`` of a failure scenario."""
    facts: dict[str, object] = {
        "name": scenario.name,
        "title": scenario.title,
        "group": group(scenario),
        "about": scenario.about.strip(),
        "expect": scenario.expect,
    }
    if scenario.wrong is not None and scenario.fix is not None:
        facts |= {"wrong": scenario.wrong.what, "fix": scenario.fix.what}
    return facts


def lab_down(name: str | None = None) -> int:
    """Remove a kept lab; without a name, the only one."""
    try:
        lab = choose(kept_labs(), name)
    except ScenarioError as error:
        return _usage(error)
    remove(lab)
    sys.stdout.write(f"lab {lab.name} is gone\n")
    return OK


def lab_shell(node: str, command: Sequence[str] = (), *, name: str | None = None) -> int:
    """Run a command, or a shell, in a node of a kept lab; its exit status is the command's."""
    try:
        argv = enter_command(choose(kept_labs(), name), node, command or ("bash", "--norc"))
    except ScenarioError as error:
        return _usage(error)
    environment = node_environment() | {"PS1": f"{node}:\\w# "}
    return subprocess.run(argv, env=environment, check=False).returncode


def enter_command(lab: KeptLab, node: str, command: Sequence[str]) -> list[str]:
    """A command that runs another one in a node.

    Raises:
        ScenarioError: The lab has no such node.
    """
    if node not in lab.nodes:
        raise ScenarioError([f"lab {lab.name} has no node {node}: there are {', '.join(lab.nodes)}"])
    return lab.command(node, command)


def choose(labs: Sequence[KeptLab], name: str | None) -> KeptLab:
    """The kept lab that is meant; without a name, the only one.

    Raises:
        ScenarioError: There is none, or more than one.
    """
    names = ", ".join(lab.name for lab in labs)
    if not labs:
        raise ScenarioError(["no lab is up: start one with `gsalab lab run SCENARIO --keep`"])
    if name is None and len(labs) > 1:
        raise ScenarioError([f"several labs are up, name one of them: {names}"])
    for lab in labs:
        if name in (None, lab.name):
            return lab
    raise ScenarioError([f"no lab {name} is up: there is {names}"])


def _since(lab: KeptLab) -> str:
    minutes = round((time.time() - lab.created) / 60)
    return f"up since {datetime.fromtimestamp(lab.created).astimezone():%H:%M}, {minutes} min"


def _usage(error: ScenarioError) -> int:
    sys.stderr.write("\n".join(error.problems) + "\n")
    return USAGE
