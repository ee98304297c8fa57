"""Starts a NAT box, or talks to the one of this node: ``python3 -m gateway.lab.natbox COMMAND``.

::

    run                        run the box with the settings of /run/natbox/settings.json
    show                       its settings, mappings and counters, as JSON
    nat KEY=VALUE ...          change the translation: personality, to, idle, rebind, drop, port
    impair KEY=VALUE ...       change the line: loss, delay, jitter, duplicate, reorder, bandwidth, seed
    rebind                     give every mapping another port, now
"""

import argparse
import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from gateway.control.client import Unreachable, request
from gateway.control.server import ControlError
from gateway.lab.natbox.serve import CONTROL, SETTINGS, serve

OK, USAGE, ENVIRONMENT = 0, 2, 4


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status, 2 for a setting that cannot be used, 4 for no box."""
    parser = argparse.ArgumentParser(prog="natbox", description="The NAT box of a lab.")
    parser.add_argument("--control", type=Path, default=Path(CONTROL))
    parser.add_argument("--settings", type=Path, default=Path(SETTINGS))
    parser.add_argument("command", choices=("run", "show", "nat", "impair", "rebind"))
    parser.add_argument("changes", nargs="*", metavar="KEY=VALUE")
    given = parser.parse_args(argv)
    if given.command == "run":
        return _run(given.settings, given.control)
    try:
        changes = _pairs(given.changes)
        status = asyncio.run(request(given.control, given.command, **changes))
    except Unreachable:
        sys.stderr.write(f"no NAT box runs in this node: nothing answers on {given.control}\n")
        return ENVIRONMENT
    except ControlError as error:
        sys.stderr.write(f"{error}\n")
        return USAGE
    sys.stdout.write(json.dumps(status) + "\n")
    return OK


def _run(settings: Path, control: Path) -> int:
    try:
        serve(settings, control)
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"{' '.join(error.cmd)}: {error.stderr}")
        return ENVIRONMENT
    except OSError as error:
        sys.stderr.write(f"the NAT box cannot run: {error}\n")
        return ENVIRONMENT
    return OK


def _pairs(changes: Sequence[str]) -> dict[str, str]:
    """``KEY=VALUE`` words as a mapping; raises ``ControlError``."""
    pairs = {}
    for change in changes:
        key, equals, value = change.partition("=")
        if not equals or not key:
            raise ControlError(f"{change}: expected KEY=VALUE, as in loss=10%")
        pairs[key] = value
    return pairs


if __name__ == "__main__":
    sys.exit(main())
