"""Runs a scenario in a sandbox and collects what it showed."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from gateway.lab.backend import Backend, CommandError
from gateway.lab.channel import Sender
from gateway.lab.gateway_node import COMMAND
from gateway.lab.lab import Lab
from gateway.lab.netns import NetnsBackend
from gateway.lab.result import Report, Step, report_from
from gateway.lab.sandbox import Sandbox
from gateway.lab.scenario import ScenarioError
from gateway.lab.scenario_model import Scenario
from gateway.lab.state import KeptLab, save, started_at
from gateway.model import LabFileError

BACKENDS: dict[str, Callable[[], Backend]] = {"netns": NetnsBackend}
"""How nodes are made, by the name on the command line."""

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
    gateway_command: tuple[str, ...] = COMMAND,
    keep: bool = False,
    on_step: Callable[[Step], None] = lambda _: None,
    during: During | None = None,
) -> Run:
    """Run a scenario to its end; nothing of it is left afterwards unless it is kept.

    Args:
        scenario: From ``gateway.lab.scenario.load``.
        backend: A name of ``BACKENDS``.
        gateway_command: Starts the gateway in its node; reads ``gateway_node.LAB_FILE``.
        keep: Leave the lab running, and remember it under the scenario's name.
        on_step: Called with each step, in this process, as it happens.
        during: Called in the lab, hence in another process, after the traffic checks.

    Raises:
        EnvironmentProblem: The kernel refuses the namespaces of a lab.
        ScenarioError: The scenario's lab file breaks a rule.
        RuntimeError: An exception in the lab, with its traceback as text.
    """
    made = BACKENDS[backend]()

    def program(sender: Sender) -> None:
        lab = Lab(scenario, made, gateway_command, lambda step: sender.send("step", asdict(step)))
        asyncio.run(_program(lab, sender, during, keep=keep))

    report, extra = None, None
    with Sandbox(program) as box:
        for kind, body in box.messages():
            if kind == "step":
                on_step(Step(**body))
            elif kind == "extra":
                extra = body
            elif kind == "input":
                raise ScenarioError(body)
            elif kind == "report":
                report = report_from(body)
            elif kind == "nodes":
                kept = _remember(scenario.name, box, body)
                box.keep()
                return Run(report=_present(report), extra=extra, kept=kept)
    return Run(report=_present(report), extra=extra)


def _present(report: Report | None) -> Report:
    if report is None:
        raise RuntimeError("the lab ended before it reported: one of its processes was killed from outside")
    return report


def _remember(name: str, box: Sandbox, nodes: dict[str, Any]) -> KeptLab:
    lab = KeptLab(
        name=name,
        created=time.time(),
        warden=box.warden,
        warden_started=started_at(box.warden) or 0,
        init=box.init,
        init_started=started_at(box.init) or 0,
        nodes=nodes,
    )
    save(lab)
    return lab


async def _program(lab: Lab, sender: Sender, during: During | None, *, keep: bool) -> None:
    """The lab's main process."""
    try:
        await _work(lab)
    except LabFileError as error:
        sender.send("input", [str(problem) for problem in error.problems])
        return
    except CommandError as error:
        lab.problems.append(str(error))
    if during is not None and not lab.problems:
        sender.send("extra", await during(lab))
    sender.send("report", asdict(await lab.report()))
    if keep:
        sender.send("nodes", {name: node.entry() for name, node in lab.nodes.items()})
        await asyncio.Event().wait()


async def _work(lab: Lab) -> None:
    await lab.start()
    try:
        await lab.until_up()
    except TimeoutError:
        lab.problems += await lab.explain_missing()
        return
    await lab.run_traffic()
