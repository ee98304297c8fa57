"""``gsalab cpe``: the configuration of a CPE."""

from collections.abc import Mapping
from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.errors import Status, tell
from gateway.cli.options import FilesOption, PskOption

if TYPE_CHECKING:
    from gateway.lab.cpe_files import CpeFile

app = typer.Typer(help="CPEs: what to enter on them.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """A group, although it has one command."""


@app.command("render")
def render(
    *,
    file: FilesOption,
    link: Annotated[str, typer.Option(metavar="NETWORK/LINK", help="Remote network and device link.")],
    announce: Annotated[
        list[str], typer.Option(metavar="PREFIX", help="Prefix of the branch; repeat for several.")
    ],
    folder: Annotated[
        Path, typer.Option("-d", "--directory", help="Where the files go, and where the CPE reads them.")
    ],
    static: Annotated[
        list[str] | None, typer.Option(metavar="PREFIX", help="Prefix routed into the tunnel without BGP.")
    ] = None,
    ike: Annotated[str | None, typer.Option(help="Phase 1 proposals, in strongSwan's notation.")] = None,
    esp: Annotated[str | None, typer.Option(help="Phase 2 proposals, in strongSwan's notation.")] = None,
    psk: PskOption = None,
) -> None:
    """Write the configuration of a strongSwan and BIRD CPE for one device link of a lab file."""
    from gateway.lab.cpe_files import TooManyTunnelsError, cpe_files  # noqa: PLC0415 - as in the other commands
    from gateway.lab.scenario_model import CpeSettings  # noqa: PLC0415
    from gateway.model import load, tunnels  # noqa: PLC0415

    far = [t for t in tunnels(load(file, psk=psk)) if t.name.rpartition("/")[0] == link]
    if not far:
        raise typer.BadParameter(f"the lab file has no device link {link!r}", param_hint="--link")
    entered = {name: value for name, value in (("ike", ike), ("esp", esp)) if value}
    try:
        files = cpe_files(
            far,
            CpeSettings.model_validate(entered),
            folder=folder.absolute(),
            announces=_prefixes(announce, "--announce"),
            through_tunnel=_prefixes(static or [], "--static"),
        )
    except TooManyTunnelsError as error:
        tell(str(error), "use a device link without zone redundancy")
        raise typer.Exit(Status.BAD_INPUT) from error
    _write(files, folder)


def _prefixes(texts: list[str], option: str) -> list[IPv4Network]:
    try:
        return [IPv4Network(text) for text in texts]
    except ValueError as error:
        raise typer.BadParameter(f"expected a prefix like 10.1.0.0/16: {error}", param_hint=option) from error


def _write(files: Mapping[str, "CpeFile"], folder: Path) -> None:
    """Write the files, none of which at any time has more permissions than it should."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.unlink(missing_ok=True)
        path.touch(content.mode)
        path.write_text(content.text, encoding="utf-8")
        path.chmod(content.mode)
