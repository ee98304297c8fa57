"""Runs a scenario on a backend and collects what it showed."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from gateway.lab.backend import Backend, CommandError, Hear, Node
from gateway.lab.docker import DockerBackend
from gateway.lab.gateway_node import UP
from gateway.lab.lab import Lab
from gateway.lab.netns import NetnsBackend
from gateway.lab.result import Report, Step, report_from
from gateway.lab.scenario import ScenarioError
from gateway.lab.scenario_model import Scenario
from gateway.lab.state import KeptLab
from gateway.lab.trace import LabTrace
from gateway.model import LabFileError

BACKENDS: dict[str, Callable[[], Backend]] = {"netns": NetnsBackend, "docker": DockerBackend}
"""How nodes are made, by the name on the command line."""

_LOG_SECONDS = 0.5
"""Between two looks at the logs of the CPEs, for the trace."""

During = Callable[[Lab], Awaitable[Any]]
"""Something to do in the lab once it works; what it returns has to fit into JSON."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A scenario that was run.

    Args:
        report: What it showed.
        extra: What ``during`` returned.
        kept: The lab, when it was kept.
    """

    report: Report
    extra: Any = None
    kept: KeptLab | None = None


def run_scenario(
    scenario: Scenario,
    *,
    backend: str = "netns",
    gateway_command: tuple[str, ...] | None = None,
    keep: bool = False,
    on_step: Callable[[Step], None] = lambda _: None,
    during: During | None = None,
    trace: LabTrace | None = None,
) -> Run:
    """Run a scenario to its end; nothing of it is left afterwards unless it is kept.

    Args:
        scenario: From ``gateway.lab.scenario.load``.
        backend: A name of ``BACKENDS``.
        gateway_command: Starts the gateway instead of ``gsalab up``; reads ``gateway_node.LAB_FILE``.
        keep: Leave the lab running, and remember it under the scenario's name.
        on_step: Called with each step, in this process, as it happens.
        during: Called in the lab, hence possibly in another process, after the traffic checks.
        trace: Hears the records of gateway, NAT boxes and CPEs as they come, whatever ends the run.

    Raises:
        EnvironmentProblem: The machine refuses such a lab.
        ScenarioError: The scenario's lab file breaks a rule.
        RuntimeError: An exception in the lab, with its traceback as text.
    """
    made = BACKENDS[backend]()
    heard: dict[str, Any] = {}

    async def program(tell: Hear) -> Mapping[str, Node] | None:
        command = gateway_command or (*made.gsalab, *UP)

        def on_step(step: Step) -> None:
            tell("step", asdict(step))

        if trace is None:
            return await _program(Lab(scenario, made, command, on_step), tell, during)
        lab = Lab(scenario, made, command, on_step, partial(tell, "record"))
        async with _logs_told(lab, tell):
            return await _program(lab, tell, during)

    def hear(kind: str, body: Any) -> None:  # noqa: ANN401 - JSON
        if kind == "step":
            on_step(Step(**body))
        elif trace is not None and kind == "record":
            trace.hear(body)
        elif trace is not None and kind == "until":
            trace.reach(body)
        else:
            heard[kind] = body

    kept = made.run(scenario.name, program, hear, keep=keep)
    if "input" in heard:
        raise ScenarioError(heard["input"])
    if "report" not in heard:
        raise RuntimeError("the lab ended before it reported: one of its processes was killed from outside")
    return Run(report=report_from(heard["report"]), extra=heard.get("extra"), kept=kept)


@contextlib.asynccontextmanager
async def _logs_told(lab: Lab, tell: Hear) -> AsyncIterator[None]:
    """Tell what the CPEs log, again and again and at the end."""

    async def look() -> None:
        now = time.time()
        for record in await lab.newly_logged():
            tell("record", record)
        tell("until", now)

    async def look_again() -> None:
        while True:
            await look()
            await asyncio.sleep(_LOG_SECONDS)

    looking = asyncio.create_task(look_again())
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    await look()


async def _program(lab: Lab, tell: Hear, during: During | None) -> Mapping[str, Node] | None:
    """The lab's main process; returns the nodes of a lab that got as far as a report."""
    try:
        await _work(lab)
    except LabFileError as error:
        tell("input", [str(problem) for problem in error.problems])
        return None
    except CommandError as error:
        lab.problems.append(str(error))
    if during is not None and not lab.problems:
        tell("extra", await during(lab))
    tell("report", asdict(await lab.report()))
    return lab.nodes


async def _work(lab: Lab) -> None:
    await lab.start()
    if lab.scenario.is_failure:
        await lab.until_diagnosed()
        return
    try:
        await lab.until_up()
    except TimeoutError:
        lab.problems += await lab.explain_missing()
        return
    await lab.run_traffic()
