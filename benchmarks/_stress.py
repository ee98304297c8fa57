"""`make stress`: floods a lab's gateway and says what its tunnels notice; status 1 when a goal is missed.

python -m benchmarks._stress [--rate 20000] [--seconds 30] [KIND...]
"""

import argparse
import sys

from benchmarks._flooded import KINDS, Flooded, flood

CONNECT_SECONDS = 3.0
GROWTH_MB = 20.0


def missed(result: Flooded) -> list[str]:
    """The goals that a flood kept the gateway from."""
    connect = result.connect_seconds
    return [
        *(
            [f"no connection within {CONNECT_SECONDS:g} s"]
            if connect is None or connect > CONNECT_SECONDS
            else []
        ),
        *([f"{result.pings_lost} pings lost"] if result.pings_lost else []),
        *([f"memory grew by more than {GROWTH_MB:g} MB"] if result.grown_mb >= GROWTH_MB else []),
    ]


def lines(result: Flooded) -> list[str]:
    """The figures of a flood."""
    connect = "no" if result.connect_seconds is None else f"after {result.connect_seconds:.2f} s"
    rate = result.sent / result.seconds
    return [
        f"requests sent           {result.sent:,} in {result.seconds:.1f} s, {rate:,.0f} per second",
        f"read by the gateway     {result.delivered:,} datagrams",
        f"dropped by the kernel   {result.overflowed:,} datagrams, for a full receive buffer",
        f"another CPE connected   {connect}",
        f"established tunnel      {result.pings_lost} of {result.pings_sent} pings lost",
        f"memory of the gateway   {result.grown_mb:+.1f} MB",
        f"processor time          {result.processor_percent:.0f} % of one core",
    ]


def main() -> int:
    """Run the floods and print."""
    parser = argparse.ArgumentParser(prog="make stress", description=__doc__)
    parser.add_argument("--rate", type=int, default=20_000, help="requests per second")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each flood")
    parser.add_argument("kind", nargs="*", help=f"{', '.join(KINDS)}; all without one")
    options = parser.parse_args()
    if unknown := [kind for kind in options.kind if kind not in KINDS]:
        parser.error(f"no flood {', '.join(unknown)}; there are {', '.join(KINDS)}")
    status = 0
    for kind in options.kind or KINDS:
        print(f"== {kind}: {KINDS[kind]}", flush=True)
        result = flood(kind, rate=options.rate, seconds=options.seconds)
        print("\n".join(f"   {line}" for line in lines(result)))
        for goal in missed(result):
            print(f"   MISSED: {goal}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
