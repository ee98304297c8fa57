"""The soak of `make stress`: weeks of rekeying over a bad network, in compressed time.

Status 1 when the memory grows; ends that do not agree end it with an error.

python -m benchmarks._soak [--child-rekeys 10000] [--ike-rekeys 1000] [--loss 0.1] [--seed 1]
"""

import argparse
import sys
import time

from tests.ike.soak import Soaked, soak

GROWTH = 100_000
"""Octets by which the memory may differ between the middle and the end: caches fill."""


def lines(run: Soaked, processor_seconds: float) -> list[str]:
    """The figures of a run."""
    middle, end = run.memory
    days = run.seconds / 86_400
    return [
        f"CHILD SAs rekeyed       {run.child_rekeys:,}",
        f"IKE SAs rekeyed         {run.ike_rekeys:,}",
        f"by both ends at once    {run.collisions:,}, decided by their nonces",
        f"messages lost           {run.lost:,}",
        f"IKE SAs given up        {run.given_up}, a request or its answer was lost six times",
        f"time that went by       {days:.1f} days, in {processor_seconds:.0f} s of processor time",
        f"memory                  {middle / 1000:,.0f} kB in the middle, {end / 1000:,.0f} kB at the end",
    ]


def main() -> int:
    """Run the soak and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks._soak", description=__doc__)
    parser.add_argument("--child-rekeys", type=int, default=10_000)
    parser.add_argument("--ike-rekeys", type=int, default=1_000)
    parser.add_argument("--loss", type=float, default=0.1, help="part of the messages that are lost")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print("== soak: two ends rekey and rekey", flush=True)
    began = time.process_time()
    run = soak(
        child_rekeys=options.child_rekeys,
        ike_rekeys=options.ike_rekeys,
        loss=options.loss,
        seed=options.seed,
    )
    print("\n".join(f"   {line}" for line in lines(run, time.process_time() - began)))
    middle, end = run.memory
    if end - middle > GROWTH:
        print(f"   MISSED: the memory grew by {(end - middle) / 1000:,.0f} kB in the second half")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
