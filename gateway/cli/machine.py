"""``gsalab doctor`` and ``gsalab validate``: look at this machine, look at a lab file."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.errors import Status, tell_problems
from gateway.cli.options import Output, OutputOption, PskOption


def doctor(output: OutputOption = Output.TEXT) -> None:
    """Check whether this machine can run a lab, and say what to do where it cannot."""
    from gateway import doctor as machine  # noqa: PLC0415 - the other commands start faster without it

    checks = machine.run_checks()
    if output is Output.JSON:
        typer.echo(json.dumps(machine.as_json(checks), indent=2))
    else:
        typer.echo(machine.render_text(checks))
    if any(check.required and not check.ok for check in checks):
        raise typer.Exit(Status.ENVIRONMENT)


def validate(
    file: Annotated[
        list[Path], typer.Argument(help="Lab file, or JSON of a real tenant; several are merged.")
    ],
    psk: PskOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Check a lab file and nothing else: all errors at once, with line, rule and fix."""
    from gateway.model import LabFileError, load  # noqa: PLC0415

    try:
        lab = load(file, psk=psk)
    except LabFileError as error:
        if output is Output.JSON:
            typer.echo(json.dumps({"ok": False, "problems": [p.as_json() for p in error.problems]}, indent=2))
        else:
            tell_problems(error)
        raise typer.Exit(Status.BAD_INPUT) from error
    links = sum(len(network.device_links) for network in lab.remote_networks)
    if output is Output.JSON:
        typer.echo(json.dumps({"ok": True, "problems": [p.as_json() for p in lab.warnings]}, indent=2))
    else:
        for problem in lab.warnings:
            sys.stderr.write(problem.render() + "\n")
        networks = len(lab.remote_networks)
        typer.echo(f"valid: {_count(networks, 'remote network')}, {_count(links, 'device link')}")
    if lab.warnings:
        raise typer.Exit(Status.WARNINGS)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
