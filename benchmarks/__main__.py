"""Every benchmark, one after the other: ``python -m benchmarks [NAME...]``."""

import sys
from importlib import import_module
from pathlib import Path

NAMES = sorted(file.stem for file in Path(__file__).parent.glob("[!_]*.py"))


def main() -> int:
    """Run the named benchmarks, or all; a benchmark is a module here with a ``main()``."""
    wanted = sys.argv[1:] or NAMES
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        sys.stderr.write(f"no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}\n")
        return 2
    for name in wanted:
        run = getattr(import_module(f"benchmarks.{name}"), "main", None)
        if run is not None:
            print(f"== {name}", flush=True)
            run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
