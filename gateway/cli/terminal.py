"""What a terminal can show: colours, and characters beyond ASCII."""

import os
import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from gateway.diagnosis.finding import Paint

_COLOURS = {"ok": typer.colors.GREEN, "error": typer.colors.RED, "warning": typer.colors.YELLOW}


def painter() -> "Paint":
    """Colours texts on a terminal, unless ``NO_COLOR`` is set; leaves them alone elsewhere."""
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        return lambda text, _style: text
    return lambda text, style: (
        typer.style(text, dim=True) if style == "label" else typer.style(text, fg=_COLOURS[style], bold=True)
    )


def echo(text: str) -> None:
    """Print a text, in plain characters where standard output does not take others."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        from gateway.diagnosis.finding import plain  # noqa: PLC0415 - rarely needed

        text = plain(text)
    typer.echo(text)
