"""``gsalab diagnose``: the findings of a recorded run."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.errors import Status, tell
from gateway.cli.options import DiagnoseOutput
from gateway.cli.terminal import echo, painter


def diagnose(
    trace: Annotated[
        Path, typer.Argument(help="File that `gsalab up --trace` or `gsalab lab run --trace` has written.")
    ],
    output: Annotated[
        DiagnoseOutput,
        typer.Option(
            "-o", "--output", help="How to print the result; azure has the shape of Network Watcher's."
        ),
    ] = DiagnoseOutput.TEXT,
) -> None:
    """Diagnose a recorded run, offline: the same findings as a running gateway gives.

    Silence counts until the gateway was stopped. Of a file that several gateways have written, one after
    the other, the last run is diagnosed.
    """
    # Imported here: the other commands start faster without them.
    from gateway.daemon.trace import TraceError, last_run, read_trace  # noqa: PLC0415
    from gateway.diagnosis import Severity, render, was_stopped  # noqa: PLC0415
    from gateway.diagnosis import diagnose as findings_of  # noqa: PLC0415
    from gateway.diagnosis.azure import troubleshooting_result  # noqa: PLC0415

    try:
        records = last_run(read_trace(trace))
    except TraceError as error:
        tell(str(error))
        raise typer.Exit(Status.BAD_INPUT) from error
    findings = findings_of(records)
    if records and not was_stopped(records) and output is DiagnoseOutput.TEXT:
        at = datetime.fromtimestamp(records[-1]["time"]).astimezone()
        sys.stderr.write(
            f"the trace ends at {at:%H:%M:%S} without the gateway's end: silence counts to there\n"
        )
    healthy = all(finding.severity is Severity.WARNING for finding in findings)
    if output is DiagnoseOutput.JSON:
        typer.echo(json.dumps([finding.as_json() for finding in findings], indent=2))
    elif output is DiagnoseOutput.AZURE:
        start, end = (records[0]["time"], records[-1]["time"]) if records else (0.0, 0.0)
        result = troubleshooting_result(findings, start=start, end=end, healthy=healthy)
        typer.echo(json.dumps(result, indent=2))
    elif findings:
        echo("\n\n".join(render(finding, painter()) for finding in findings))
    else:
        echo("no finding")
    if findings:
        raise typer.Exit(Status.WARNINGS if healthy else Status.FINDINGS)
