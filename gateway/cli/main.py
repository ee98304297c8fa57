"""The ``gsalab`` command: its subcommands, and the exit status of everything that can go wrong."""

import os
import sys
from typing import Annotated

import typer

import gateway
from gateway.cli import check, cpe, diagnose, events, explain, export, labs, machine, running, up
from gateway.cli.errors import Status

app = typer.Typer(
    name="gsalab",
    help="A local, emulated Microsoft Entra Global Secure Access endpoint for remote networks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        typer.echo(f"gsalab {gateway.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


app.add_typer(labs.app, name="lab")
app.add_typer(cpe.app, name="cpe")
app.add_typer(export.app, name="export")
app.command("up")(up.up)
app.command("check")(check.check)
app.command("status")(running.status)
app.command("view")(running.view)
app.command("validate")(machine.validate)
app.command("events")(events.events)
app.command("diagnose")(diagnose.diagnose)
app.command("explain")(explain.explain)
app.command("doctor")(machine.doctor)


def main() -> None:
    """Run the command line; no error ends in a traceback, none is swallowed."""
    try:
        app()
    except BrokenPipeError:
        # The reader of our output (head, grep -q) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Status.OK)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        from gateway.cli.failures import tell_failure  # noqa: PLC0415 - it knows the errors of every part

        status = tell_failure(error)
        if status is None:
            raise
        sys.exit(status)
