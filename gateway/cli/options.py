"""Options that several commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Output(StrEnum):
    """How a command prints its result."""

    TEXT = "text"
    JSON = "json"


class CheckOutput(StrEnum):
    """How ``gsalab check`` prints its result."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    AZURE = "azure"


class DiagnoseOutput(StrEnum):
    """How ``gsalab diagnose`` prints its result."""

    TEXT = "text"
    JSON = "json"
    AZURE = "azure"


OutputOption = Annotated[Output, typer.Option("-o", "--output", help="How to print the result.")]
FilesOption = Annotated[
    list[Path],
    typer.Option("-f", "--file", help="Lab file, or JSON of a real tenant; repeat to merge several."),
]
PskOption = Annotated[
    str | None,
    typer.Option("--psk", envvar="GSALAB_PSK", help="Pre-shared key for links that have none in the file."),
]
ControlOption = Annotated[
    Path | None,
    typer.Option("--control", envvar="GSALAB_CONTROL", help="Control socket of the gateway."),
]
