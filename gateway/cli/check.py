"""``gsalab check``: wait for the CPE and grade it."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.errors import Status, tell
from gateway.cli.options import CheckOutput, ControlOption, PskOption
from gateway.cli.terminal import echo, painter
from gateway.control.server import default_path


def check(
    file: Annotated[
        list[Path] | None,
        typer.Option("-f", "--file", help="Lab file: grade only its tunnels, which the gateway must have."),
    ] = None,
    psk: PskOption = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait until every step has passed.")] = 60,
    control: ControlOption = None,
    output: Annotated[
        CheckOutput,
        typer.Option(
            "-o",
            "--output",
            help="How to print the result; junit is for pipelines, azure has the shape of Network Watcher's.",
        ),
    ] = CheckOutput.TEXT,
) -> None:
    """Wait for the CPE and grade every tunnel: tunnel, bgp, routes, traffic. Says why a step fails."""
    from gateway.check import render  # noqa: PLC0415 - the other commands start faster without it
    from gateway.check.wait import UnknownTunnel  # noqa: PLC0415
    from gateway.check.wait import check as run  # noqa: PLC0415

    links = _links(file, psk) if file else None
    text = render.Text(echo, painter()) if output is CheckOutput.TEXT else None
    try:
        result = asyncio.run(
            run(
                control or default_path(),
                wait=wait,
                select=lambda status: _select(links, status),
                on_steps=text.update if text else lambda _: None,
                on_likely=text.likely if text else lambda _finding, _left: None,
            )
        )
    except UnknownTunnel as error:
        tell(str(error), "start the gateway with the same lab file")
        raise typer.Exit(Status.BAD_INPUT) from error
    if text:
        text.finish(result)
    elif output is CheckOutput.JSON:
        typer.echo(json.dumps(render.as_json(result), indent=2))
    elif output is CheckOutput.AZURE:
        typer.echo(json.dumps(render.azure(result), indent=2))
    else:
        sys.stdout.write(render.junit(result))
    if not result.ok:
        raise typer.Exit(Status.FINDINGS)
    if result.findings:
        raise typer.Exit(Status.WARNINGS)


def _links(files: Sequence[Path], psk: str | None) -> set[str]:
    """``remote network/link`` of every device link of the lab file."""
    from gateway.model import load  # noqa: PLC0415

    lab = load(files, psk=psk)
    return {
        f"{network.name}/{link.name.replace('/', '%2F')}"
        for network in lab.remote_networks
        for link in network.device_links
    }


def _select(links: set[str] | None, status: Mapping[str, Any]) -> list[str] | None:
    """The gateway's tunnels that belong to the links."""
    from gateway.check.wait import UnknownTunnel  # noqa: PLC0415

    if links is None:
        return None
    names = [t["name"] for network in status["remote_networks"] for t in network["tunnels"]]
    missing = sorted(links - {name.rpartition("/")[0] for name in names})
    if missing:
        raise UnknownTunnel(
            f"the running gateway has no device link {', '.join(missing)}; its tunnels: {', '.join(names)}"
        )
    return [name for name in names if name.rpartition("/")[0] in links]
