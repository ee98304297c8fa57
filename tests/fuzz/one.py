"""Fuzzes one harness until its time is over or an input breaks a rule; the process of `python -m tests.fuzz`.

``python -m tests.fuzz.one HARNESS [libFuzzer option or corpus folder...]``
"""

import sys
from importlib import import_module

import atheris


def main() -> None:
    """Instrument the packages under test while they are imported, then fuzz."""
    module = sys.argv.pop(1).replace("-", "_")
    with atheris.instrument_imports(include=["ike", "gateway.dataplane"], enable_loader_override=False):
        harness = import_module(f"tests.fuzz.{module}").HARNESS

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        return bytes(harness.mutate(data, most, seed, atheris.Mutate))

    atheris.Setup(sys.argv, harness.check, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
