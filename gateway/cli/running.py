"""``gsalab status`` and ``gsalab view``: ask a running gateway."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.options import ControlOption, Output, OutputOption, PskOption
from gateway.control.client import request
from gateway.control.server import default_path
from gateway.model import connectivity_configuration, load


def status(control: ControlOption = None, output: OutputOption = Output.TEXT) -> None:
    """Show every tunnel of the running gateway: IKE SA, CHILD SA, BGP session, routes, counters."""
    state = asyncio.run(request(control or default_path(), "status"))
    if output is Output.JSON:
        typer.echo(json.dumps(state, indent=2))
        return
    for network in state["remote_networks"]:
        profiles = ", ".join(network["profiles"]) or "no traffic profile"
        typer.echo(f"{network['name']}: {profiles}, {network['advertised']} routes to advertise")
        for tunnel in network["tunnels"]:
            typer.echo("\n".join(_lines(tunnel)))
    for reason, count in state["refused"].items():
        typer.echo(f"IKE messages dropped or refused, {reason.replace('_', ' ')}: {count}")


def _lines(tunnel: dict[str, Any]) -> Iterator[str]:
    counters = tunnel["counters"]
    yield f"  {tunnel['name']}  {tunnel['peer']} -> {tunnel['endpoint']}  {tunnel['state']}"
    if ike := tunnel["ike"]:
        yield f"    IKE SA    {ike['suite']}, {ike['identity']}, since {_clock(ike['since'])}"
    if (nat := tunnel["nat"]) and nat["local_behind_nat"]:
        yield "    NAT       before the gateway; published ports are one too: set gateway.advertise"
    for child in tunnel["children"]:
        how = "ESP in UDP" if child["udp_encapsulation"] else "ESP"
        yield f"    CHILD SA  {child['suite']}, {how}, SPIs in {child['spi_in']} out {child['spi_out']}"
    if bgp := tunnel["bgp"]:
        learned = ", ".join(tunnel["learned"]) or "nothing"
        yield f"    BGP       Established with AS {bgp['peer_as']} since {_clock(bgp['since'])}"
        yield f"    routes    {bgp['advertised']} advertised, learned {learned}"
    yield (
        f"    packets   {counters['packets_in']} in ({counters['bytes_in']} bytes), "
        f"{counters['packets_out']} out ({counters['bytes_out']} bytes)"
    )


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S UTC")


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
        lab = load(file, psk=psk)
        views = [connectivity_configuration(lab, each) for each in lab.remote_networks]
    else:
        views = asyncio.run(request(control or default_path(), "view"))
    names = [view["remoteNetworkName"] for view in views]
    if network is not None and network not in names:
        raise typer.BadParameter(f"{network!r}: expected one of {', '.join(names)}", param_hint="--network")
    chosen = [view for view in views if network in (None, view["remoteNetworkName"])]
    typer.echo(json.dumps(chosen[0] if len(chosen) == 1 else chosen, indent=2))
