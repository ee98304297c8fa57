"""A gateway and three tunnels to it, for a program that is started as another user; says what was carried."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.interop.independent.world import world

WAYS: dict[str, dict[str, Any]] = {
    "raw ESP": {},
    "ESP in UDP": {"behind_nat": True},
    "raw ESP with ESN": {"esn": True},
}


def main() -> None:
    """Bring up each tunnel and delete it."""
    with tempfile.TemporaryDirectory(prefix="gsalab-test-") as folder, world(Path(folder)) as made:
        for name, options in WAYS.items():
            cpe = made.initiator(**options)
            cpe.connect()
            carried = cpe.knock()
            cpe.delete()
            sys.stdout.write(f"{name}: {'carried' if carried else 'not carried'}\n")


if __name__ == "__main__":
    main()
