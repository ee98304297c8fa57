"""The command line: ``gsalab``."""

from gateway.cli.main import main

__all__ = ["main"]
