"""The soak of `make stress`: weeks of rekeying over a bad network, in compressed time.

After each rekeying both ends must hold the two halves of exactly one IKE SA and one CHILD SA, also where an
IKE SA was given up and the CPE connected anew; ends that do not end the soak with an error. Status 1 when the
memory grows.

python -m benchmarks._soak [--child-rekeys 10000] [--ike-rekeys 1000] [--loss 0.1] [--seed 1]
"""

import argparse
import sys
import time

from rich.console import Console
from rich.table import Table

from tests.ike.soak import Soaked, soak

GROWTH = 100_000
"""Octets by which the memory may differ between the middle and the end: caches fill."""


def grown(run: Soaked) -> int:
    """Octets of Python objects more at the end than in the middle."""
    middle, end = run.memory
    return end - middle


def table(run: Soaked, processor_seconds: float) -> Table:
    """The figures of a run."""
    middle, end = run.memory
    made = Table()
    for column in ("soak", "", "goal"):
        made.add_column(column)
    for row in (
        ("CHILD SAs rekeyed", f"{run.child_rekeys:,}", "all; then one IKE SA and one CHILD SA at both ends"),
        ("IKE SAs rekeyed", f"{run.ike_rekeys:,}", "the same"),
        ("by both ends at once", f"{run.collisions:,}, decided by their nonces", ""),
        ("messages lost", f"{run.lost:,}", ""),
        ("IKE SAs given up", f"{run.given_up}, a request or its answer lost six times", ""),
        (
            "the CPE connected anew",
            f"{run.connected_anew}, at {run.attempts} attempts",
            "as often; then the same",
        ),
        ("time that went by", f"{run.seconds / 86_400:.1f} days", ""),
        ("processor time", f"{processor_seconds:.0f} s under tracemalloc", ""),
        ("Python objects", f"{middle / 1000:,.0f} kB in the middle, {end / 1000:,.0f} kB at the end", "flat"),
        ("goals", "MISSED" if grown(run) > GROWTH else "met", ""),
    ):
        made.add_row(*row)
    return made


def main() -> int:
    """Run the soak and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks._soak", description=__doc__)
    parser.add_argument("--child-rekeys", type=int, default=10_000)
    parser.add_argument("--ike-rekeys", type=int, default=1_000)
    parser.add_argument("--loss", type=float, default=0.1, help="part of the messages that are lost")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print("== soak: two ends rekey and rekey while messages are lost, for some minutes", flush=True)
    began = time.process_time()
    run = soak(
        child_rekeys=options.child_rekeys,
        ike_rekeys=options.ike_rekeys,
        loss=options.loss,
        seed=options.seed,
    )
    Console(width=130).print(table(run, time.process_time() - began))
    if grown(run) > GROWTH:
        print(f"MISSED: the memory grew by {grown(run) / 1000:,.0f} kB in the second half")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
