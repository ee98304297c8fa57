"""``gsalab lab``: run, list, enter and remove labs."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import boxes
from gateway.cli.options import Output, OutputOption

app = typer.Typer(
    help="Labs: a real CPE against the gateway, in namespaces of their own.", no_args_is_help=True
)
app.add_typer(boxes.nat, name="nat")
app.add_typer(boxes.impair, name="impair")


@app.command("run")
def run(
    scenario: Annotated[
        str | None, typer.Argument(help="Scenario, basic by default; see `gsalab lab list`.")
    ] = None,
    backend: Annotated[str, typer.Option(help="Where the lab's nodes live.")] = "netns",
    keep: Annotated[bool, typer.Option("--keep", help="Leave the lab up after the report.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Run a failure scenario with its fix.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Run every scenario, several at a time.")] = False,
    jobs: Annotated[int, typer.Option(min=1, max=16, help="With --all: how many labs at a time.")] = 4,
    override: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="Change a setting of the scenario: cpe.ike=aes256-..."
        ),
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(
            help="File for the records of gateway, NAT boxes and CPEs, by time; for gsalab diagnose."
        ),
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Bring up gateway, CPE and branch host, watch them connect, report, and take everything down."""
    from gateway.lab.commands import lab_run, lab_run_all  # noqa: PLC0415 - the other commands start faster without it

    if every:
        if scenario or keep or override or trace:
            raise typer.BadParameter("--all takes no scenario, no --keep, no --set and no --trace")
        sys.exit(lab_run_all(backend=backend, fixed=fix, jobs=jobs, output=output.value))
    sys.exit(
        lab_run(
            scenario or "basic",
            backend=backend,
            keep=keep,
            fixed=fix,
            overrides=override or [],
            trace=trace,
            output=output.value,
        )
    )


@app.command("list")
def list_(output: OutputOption = Output.TEXT) -> None:
    """List the scenarios, and the labs that are up."""
    from gateway.lab.commands import lab_list  # noqa: PLC0415

    sys.exit(lab_list(output=output.value))


@app.command("down")
def down(name: Annotated[str | None, typer.Argument(help="Lab; needed when several are up.")] = None) -> None:
    """Remove a lab that was left up."""
    from gateway.lab.commands import lab_down  # noqa: PLC0415

    sys.exit(lab_down(name))


@app.command("shell", context_settings={"ignore_unknown_options": True})
def shell(
    node: Annotated[str, typer.Argument(help="Node of the lab: host, cpe, isp, gateway.")],
    command: Annotated[
        list[str] | None, typer.Argument(help="Command to run there instead of a shell.")
    ] = None,
    name: Annotated[str | None, typer.Option("--lab", help="Lab; needed when several are up.")] = None,
) -> None:
    """Enter a node of a lab that is up, or run a command there: gsalab lab shell cpe -- birdc show route."""
    from gateway.lab.commands import lab_shell  # noqa: PLC0415

    sys.exit(lab_shell(node, command or [], name=name))
