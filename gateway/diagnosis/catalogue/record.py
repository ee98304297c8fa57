"""Runs failure scenarios and stores the telling lines of the CPE's own logs for the catalogue."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML

from gateway.diagnosis.catalogue import excerpt
from gateway.diagnosis.catalogue.reproduction import LOGS, recorded_logs
from gateway.lab import bird
from gateway.lab.lab import Lab
from gateway.lab.runner import run_scenario
from gateway.lab.scenario import failures, load

Logs = dict[str, list[str]]
"""Source to telling lines."""
_AT_A_TIME = 4
_FIRST_RETRANSMISSION = 5.0
"""Seconds after which charon has retransmitted: each recording waits so long, so that all show the same."""
_HEADER = (
    "# What the CPE's own logs showed when the failure scenarios were run: scenario, source, telling lines.\n"
    "# Written by `python -m gateway.diagnosis.catalogue FOLDER --record`; see excerpt.py for the choice.\n"
)


def record(names: Sequence[str], tell: Callable[[str], object]) -> list[str]:
    """Run scenarios and store what their logs showed; those of scenarios that are no more are dropped.

    Args:
        names: Of the scenarios; when empty, those that were never recorded.
        tell: Told each scenario as it ends.

    Returns:
        The scenarios that did not end as they should, whose logs were not stored.
    """
    known = failures()
    logs = {name: sources for name, sources in recorded_logs().items() if name in known}
    failed = []
    with ProcessPoolExecutor(_AT_A_TIME) as pool:
        runs = {pool.submit(logs_of, name): name for name in names or sorted(set(known) - logs.keys())}
        for run in as_completed(runs):
            name, sources = runs[run], run.result()
            if sources is None:
                failed.append(name)
            else:
                logs[name] = sources
            tell(f"{name}: {'not as expected' if sources is None else 'recorded'}")
    Path(__file__).with_name(LOGS).write_text(_HEADER + _yaml(dict(sorted(logs.items()))), encoding="utf-8")
    return sorted(failed)


def logs_of(name: str) -> Logs | None:
    """Run a scenario; the telling lines of its CPEs' logs, or None when it did not end as it should."""
    logs: Logs | None = run_scenario(load(name), during=_read).extra
    return logs


async def _read(lab: Lab) -> Logs:
    """Each source with something to say, by the name of its node when there are several CPEs."""
    await asyncio.sleep(_FIRST_RETRANSMISSION)
    logs: Logs = {}
    several = len(lab.cpes) > 1
    for cpe in lab.cpes:
        for tunnel in cpe.tunnels:
            node = tunnel.node
            charon = excerpt.charon((await node.read(cpe.log)).decode(errors="replace"))
            suffix = f" of {node.plan.name}" if several or len(cpe.tunnels) > 1 else ""
            logs[f"{cpe.program}{suffix}"] = charon
            if not await cpe.sas(tunnel):
                continue
            protocol = tunnel.neighbor.protocol
            shown = await cpe.node.run("birdc", "show", "protocols", protocol)
            logs[f"birdc show protocols{suffix}"] = excerpt.birdc(shown.output, protocol)
        suffix = f" of {cpe.name}" if several else ""
        logs[f"BIRD{suffix}"] = excerpt.bird((await cpe.node.read(bird.LOG)).decode(errors="replace"))
    return {source: lines for source, lines in logs.items() if lines}


def _yaml(logs: dict[str, Logs]) -> str:
    yaml = YAML()
    yaml.width = 1000
    stream = StringIO()
    yaml.dump(logs, stream)
    return stream.getvalue()
