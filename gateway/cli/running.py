"""``gsalab status`` and ``gsalab view``: ask a running gateway."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import ControlOption, Output, OutputOption, PskOption
from gateway.cli.status_text import lines
from gateway.control.client import request
from gateway.control.server import default_path


def status(control: ControlOption = None, output: OutputOption = Output.TEXT) -> None:
    """Show every tunnel of the running gateway: IKE SA, CHILD SA, BGP session, routes, counters."""
    state = asyncio.run(request(control or default_path(), "status"))
    if output is Output.JSON:
        typer.echo(json.dumps(state, indent=2))
        return
    typer.echo("\n".join(lines(state)))


def view(
    file: Annotated[
        list[Path] | None, typer.Option("-f", "--file", help="Lab file to read instead of asking a gateway.")
    ] = None,
    psk: PskOption = None,
    network: Annotated[str | None, typer.Option(help="Only the remote network of this name.")] = None,
    control: ControlOption = None,
) -> None:
    """Print the "View configuration" JSON, as Microsoft Graph returns it: what to enter on the CPE."""
    if file:
        from gateway.model import connectivity_configuration, load  # noqa: PLC0415 - asking is faster without it

        lab = load(file, psk=psk)
        views = [connectivity_configuration(lab, each) for each in lab.remote_networks]
    else:
        views = asyncio.run(request(control or default_path(), "view"))
    names = [view["remoteNetworkName"] for view in views]
    if network is not None and network not in names:
        raise typer.BadParameter(f"{network!r}: expected one of {', '.join(names)}", param_hint="--network")
    chosen = [view for view in views if network in (None, view["remoteNetworkName"])]
    typer.echo(json.dumps(chosen[0] if len(chosen) == 1 else chosen, indent=2))
