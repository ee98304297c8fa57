"""``gsalab explain``: the page of a finding's code."""

import json
from typing import Annotated

import typer

from gateway.cli.errors import Status, tell
from gateway.cli.options import Output, OutputOption
from gateway.cli.terminal import echo


def explain(
    code: Annotated[
        str | None, typer.Argument(help="Code of a finding; without one, all are listed.")
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Print what a finding's code means: symptom, cause, proof, fix, and what the real service shows."""
    from gateway.diagnosis import catalogue  # noqa: PLC0415 - the other commands start faster without it
    from gateway.diagnosis.rules import RULES  # noqa: PLC0415

    if code is None:
        if output is Output.JSON:
            typer.echo(json.dumps([catalogue.as_json(rule) for rule in RULES], indent=2))
        else:
            echo(catalogue.list_text())
        return
    try:
        rule = catalogue.rule_of(code)
    except catalogue.UnknownCode as error:
        tell(str(error), f"did you mean {', '.join(error.nearest)}? `gsalab explain` lists every code")
        raise typer.Exit(Status.BAD_INPUT) from error
    if output is Output.JSON:
        typer.echo(json.dumps(catalogue.as_json(rule), indent=2))
    else:
        echo(catalogue.page_text(rule))
