"""``gsalab up``: run the gateway in the foreground."""

import asyncio
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import ControlOption, FilesOption, Output, OutputOption, PskOption
from gateway.control.server import default_path
from gateway.narrate import console_line, tell
from gateway.records import Record


class Namespaces(StrEnum):
    """Where the far end of the tunnels is."""

    OWN = "own"
    SHARED = "shared"


def up(
    file: FilesOption,
    psk: PskOption = None,
    control: ControlOption = None,
    keylog: Annotated[
        Path | None,
        typer.Option(help="Directory for the key tables with which Wireshark decrypts a capture. Secret!"),
    ] = None,
    trace: Annotated[
        Path | None, typer.Option(help="File that every event is appended to, as a JSON text sequence.")
    ] = None,
    namespaces: Annotated[
        Namespaces,
        typer.Option(
            envvar="GSALAB_NAMESPACES",
            help="Where the far end of the tunnels is: in a namespace for each remote network (SYS_ADMIN) or,"
            " for a single one, in the only namespace of a container.",
        ),
    ] = Namespaces.OWN,
    output: OutputOption = Output.TEXT,
) -> None:
    """Run the gateway in the foreground, for your own CPE. Ctrl-C deletes the SAs and stops it."""
    # Imported here: the other commands start faster without the gateway's parts.
    from gateway.daemon.gateway import Options  # noqa: PLC0415
    from gateway.daemon.run import run  # noqa: PLC0415
    from gateway.model import load  # noqa: PLC0415

    lab = load(file, psk=psk)
    for problem in lab.warnings:
        sys.stderr.write(problem.render() + "\n")
    options = Options(keylog=keylog, trace=trace, shared=namespaces is Namespaces.SHARED)
    show = _print_json if output is Output.JSON else _print_text
    asyncio.run(run(lab, control or default_path(), options, show))


def _print_json(record: Record) -> None:
    typer.echo(json.dumps(record.as_json()))


def _print_text(record: Record) -> None:
    line = tell(record.name, record.data)
    if line is None:
        return
    sys.stdout.write(f"{console_line(record.as_json(), line)}\n")
    sys.stdout.flush()
