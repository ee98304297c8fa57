"""``python -m gateway.diagnosis.catalogue FOLDER [--record [SCENARIO ...]]``."""

import argparse
import sys
from pathlib import Path


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m gateway.diagnosis.catalogue", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the documentation is written: docs/failures")
    parser.add_argument(
        "--record",
        nargs="*",
        metavar="SCENARIO",
        help="run these failure scenarios before; by default those that were never recorded",
    )
    arguments = parser.parse_args()
    failed: list[str] = []
    if arguments.record is not None:
        from gateway.diagnosis.catalogue.record import record  # noqa: PLC0415 - needs a machine for labs

        failed = record(arguments.record, lambda line: sys.stderr.write(f"{line}\n"))
    from gateway.diagnosis.catalogue.documents import write  # noqa: PLC0415 - after the recording

    write(arguments.folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(_main())
