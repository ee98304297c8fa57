"""``gsalab events``: what happens in a running gateway, or what has happened in a recorded run."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.errors import Status, tell
from gateway.cli.options import ControlOption, Output, OutputOption
from gateway.control.client import follow_events
from gateway.control.server import default_path
from gateway.narrate import console_line, narrate


def events(
    trace: Annotated[
        Path | None,
        typer.Argument(help="A trace to tell instead: of `gsalab up --trace` or `gsalab lab run --trace`."),
    ] = None,
    control: ControlOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Tell every event of the running gateway, from the first one on, until it ends or Ctrl-C."""
    if trace is None:
        asyncio.run(_follow(control or default_path(), output))
        return
    from gateway.daemon.trace import TraceError, read_trace  # noqa: PLC0415 - starts faster without it

    try:
        records = read_trace(trace)
    except TraceError as error:
        tell(str(error))
        raise typer.Exit(Status.BAD_INPUT) from error
    for record in records:
        _show(record, output)


async def _follow(control: Path, output: Output) -> None:
    async for record in follow_events(control):
        _show(record, output)


def _show(record: Mapping[str, Any], output: Output) -> None:
    if output is Output.JSON:
        typer.echo(json.dumps(record))
    elif (told := narrate(record) or _of_the_lab(record)) is not None:
        typer.echo(console_line(record, told))


def _of_the_lab(record: Mapping[str, Any]) -> str | None:
    """A record that only a lab has: of a CPE's log, or of a NAT box."""
    if record["category"] != "lab":
        return None
    from gateway.lab.timeline_nat import box_step_of  # noqa: PLC0415
    from gateway.lab.trace import CPE_LOG  # noqa: PLC0415

    if record["name"] == CPE_LOG:
        return f"{record['data']['program']}: {record['data']['text']}"
    step = box_step_of(record, record["time"])
    return None if step is None else f"NAT {step.what}: {step.detail}"
