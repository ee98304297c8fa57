"""What a terminal can show: colours, and characters beyond ASCII."""

import os
import sys

import typer

from gateway.diagnosis.finding import Paint, plain, unpainted

_COLOURS = {"ok": typer.colors.GREEN, "error": typer.colors.RED, "warning": typer.colors.YELLOW}


def painter() -> Paint:
    """Colours texts on a terminal, unless ``NO_COLOR`` is set; leaves them alone elsewhere."""
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        return unpainted
    return lambda text, style: (
        typer.style(text, dim=True) if style == "label" else typer.style(text, fg=_COLOURS[style], bold=True)
    )


def echo(text: str) -> None:
    """Print a text, in plain characters where standard output does not take others."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        text = plain(text)
    typer.echo(text)
