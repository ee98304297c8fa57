"""``gsalab diagnose``: the findings of a recorded run."""

import json
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.errors import Status, tell
from gateway.cli.options import Output, OutputOption
from gateway.cli.terminal import echo, painter


def diagnose(
    trace: Annotated[Path, typer.Argument(help="File that `gsalab up --trace` has written.")],
    output: OutputOption = Output.TEXT,
) -> None:
    """Diagnose a recorded run, offline: the same findings as a running gateway gives."""
    # Imported here: the other commands start faster without them.
    from gateway.daemon.trace import TraceError, read_trace  # noqa: PLC0415
    from gateway.diagnosis import diagnose as findings_of  # noqa: PLC0415
    from gateway.diagnosis import render  # noqa: PLC0415

    try:
        findings = findings_of(read_trace(trace))
    except TraceError as error:
        tell(str(error))
        raise typer.Exit(Status.BAD_INPUT) from error
    if output is Output.JSON:
        typer.echo(json.dumps([finding.as_json() for finding in findings], indent=2))
    elif findings:
        echo("\n\n".join(render(finding, painter()) for finding in findings))
    else:
        echo("no finding")
    if findings:
        raise typer.Exit(Status.FINDINGS)
