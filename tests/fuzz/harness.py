"""What a fuzz harness is."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.fuzz.records import Mutate


@dataclass(frozen=True, kw_only=True)
class Harness:
    """One thing to fuzz; the same functions serve the fuzzer, the reproduction of a crash and the tests.

    Args:
        name: On the command line.
        check: Runs one input; raises whatever breaks a rule, above all ``AssertionError``.
        seeds: Inputs to begin with: messages of our own.
        mutate: Changes an input: (input, octets that the result may have, seed, the fuzzer's own mutation).
    """

    name: str
    check: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    mutate: Callable[[bytes, int, int, Mutate], bytes]
