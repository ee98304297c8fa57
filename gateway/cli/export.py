"""``gsalab export``: the gateway for other tools."""

import os
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.errors import Status, tell
from gateway.cli.options import PskOption

app = typer.Typer(help="The gateway in the files of other tools.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """A group, although it has one command."""


@app.command("containerlab")
def containerlab(
    *,
    file: Annotated[
        list[Path] | None, typer.Option("-f", "--file", help="Lab file; repeat to merge several. [lab.yaml]")
    ] = None,
    to: Annotated[Path, typer.Option(help="The file to write.")] = Path("gsalab.clab.yml"),
    image: Annotated[str, typer.Option(help="Image of the gateway.")] = "gsalab/gateway:local",
    psk: PskOption = None,
) -> None:
    """Write a containerlab topology: the gateway, and a place for the image of each CPE."""
    from gateway.lab.containerlab import SharedCableError, topology  # noqa: PLC0415 - as in the other commands
    from gateway.model import load, tunnels  # noqa: PLC0415

    files = file or [Path("lab.yaml")]
    lab = load(files, psk=psk)
    if not lab.gateway.endpoints:
        tell(
            "the lab file does not say on which addresses the gateway listens",
            "gateway: {endpoints: [ADDRESS]}, any that are not this machine's",
        )
        raise typer.Exit(Status.BAD_INPUT)
    if to.exists():
        tell(f"{to} is there already, perhaps with your images in it", "name another with --to, or remove it")
        raise typer.Exit(Status.BAD_INPUT)
    paths = [os.path.relpath(path, to.parent) for path in files]
    try:
        text = topology(
            to.name.partition(".")[0], tunnels(lab), paths, image, psk_variable="GSALAB_PSK" if psk else None
        )
    except SharedCableError as error:
        tell(str(error), "give one of the device links another ipAddress")
        raise typer.Exit(Status.BAD_INPUT) from error
    to.write_text(text, encoding="utf-8")
    typer.echo(f"{to}: replace the images of the CPEs, then: containerlab deploy -t {to}")
