"""``python -m gateway.cli``: the same as ``gsalab``."""

from gateway.cli.main import main

main()
