"""``gsalab lab nat`` and ``gsalab lab impair``: change the NAT box of a lab that is up."""

import sys
from typing import Annotated

import typer

from gateway.cli.options import Output, OutputOption

nat = typer.Typer(help="The NAT box of a lab that is up.", no_args_is_help=True)
impair = typer.Typer(help="The line behind the NAT box of a lab that is up.", no_args_is_help=True)

Router = Annotated[str, typer.Argument(help="Router of the lab: isp.")]
NatChanges = Annotated[
    list[str],
    typer.Argument(metavar="KEY=VALUE...", help="personality, to, idle, rebind, drop, port; the rest stays."),
]
LineChanges = Annotated[
    list[str],
    typer.Argument(
        metavar="KEY=VALUE...",
        help="loss, delay, jitter, duplicate, reorder, bandwidth, seed; the rest stays.",
    ),
]
LabOption = Annotated[str | None, typer.Option("--lab", help="Lab; needed when several are up.")]


def _box(command: str, node: str, changes: list[str], lab: str | None, output: Output) -> None:
    from gateway.lab.box_commands import lab_box  # noqa: PLC0415 - the other commands start faster without it

    sys.exit(lab_box(command, node, changes, name=lab, output=output.value))


@nat.command("set")
def set_nat(
    node: Router, changes: NatChanges, lab: LabOption = None, output: OutputOption = Output.TEXT
) -> None:
    """Change the translation: gsalab lab nat set isp personality=symmetric idle=30s."""
    _box("nat", node, changes, lab, output)


@nat.command("rebind")
def rebind(node: Router, lab: LabOption = None, output: OutputOption = Output.TEXT) -> None:
    """Give every mapping another port, now, as a router does that was restarted."""
    _box("rebind", node, [], lab, output)


@impair.command("set")
def set_line(
    node: Router, changes: LineChanges, lab: LabOption = None, output: OutputOption = Output.TEXT
) -> None:
    """Change the line: gsalab lab impair set isp loss=10% delay=40ms."""
    _box("impair", node, changes, lab, output)


@nat.command("show")
@impair.command("show")
def show(node: Router, lab: LabOption = None, output: OutputOption = Output.TEXT) -> None:
    """Settings, mappings, and what did not pass."""
    _box("show", node, [], lab, output)
