"""`make stress`: floods a lab's gateway and says what its tunnels notice; status 1 when a goal is missed.

python -m benchmarks._stress [--rate 20000] [--seconds 30] [KIND...]
"""

import argparse
import math
import sys
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table

from benchmarks._flooded import KINDS, Flooded, flood
from benchmarks._in_process import microseconds

CONNECT_SECONDS = 3.0
GROWTH_MB = 20.0


BUSY_CPE = "natt"
"""The flood of which all answers go to the CPE that connects: how long it takes says nothing of us."""


def missed(kind: str, result: Flooded) -> list[str]:
    """The goals that a flood kept the gateway from."""
    connect = math.inf if result.connect_seconds is None else result.connect_seconds
    slow = kind != BUSY_CPE and connect > CONNECT_SECONDS
    return [
        *([f"no connection within {CONNECT_SECONDS:g} s"] if slow else []),
        *([f"{result.pings_lost} pings lost"] if result.pings_lost else []),
        *([f"memory grew by {result.grown_mb:.1f} MB"] if result.grown_mb >= GROWTH_MB else []),
    ]


def _connected(result: Flooded) -> str:
    return "no" if result.connect_seconds is None else f"{result.connect_seconds:.2f} s"


ROWS: Sequence[tuple[str, Callable[[Flooded], str], str]] = (
    ("requests sent, per second", lambda each: f"{each.sent / each.seconds:,.0f}", "the rate asked for"),
    ("requests sent", lambda each: f"{each.sent:,}", ""),
    ("datagrams read by the gateway", lambda each: f"{each.delivered:,}", ""),
    ("dropped, receive buffer full", lambda each: f"{each.overflowed:,}", ""),
    ("another CPE connected after", _connected, f"{CONNECT_SECONDS:g} s; {BUSY_CPE}: none"),
    ("pings lost in a tunnel", lambda each: f"{each.pings_lost} of {each.pings_sent}", "0"),
    ("memory of the gateway", lambda each: f"{each.grown_mb:+.1f} MB", f"less than {GROWTH_MB:g} MB"),
    ("of a core: gateway", lambda each: f"{each.gateway_percent:.0f} %", ""),
    ("of a core: the flood's sender", lambda each: f"{each.sender_percent:.0f} %", ""),
    ("of a core: IKE daemons of the CPEs", lambda each: f"{each.cpes_percent:.0f} %", ""),
    ("of a core: rest of the machine", lambda each: f"{each.rest_percent:.0f} %", ""),
)
"""What is told of a flood: name, figure, goal."""


def table(results: dict[str, Flooded], in_process: dict[str, float]) -> Table:
    """The floods side by side."""
    made = Table()
    made.add_column("flood")
    for kind in results:
        made.add_column(kind, justify="right")
    made.add_column("goal")
    for name, figure, goal in ROWS:
        made.add_row(name, *map(figure, results.values()), goal)
    made.add_row("a request in process", *(f"{in_process[kind]:.1f} us" for kind in results), "")
    made.add_row("goals", *("MISSED" if missed(*each) else "met" for each in results.items()), "")
    return made


def main() -> int:
    """Run the floods and print."""
    parser = argparse.ArgumentParser(prog="make stress", description=__doc__)
    parser.add_argument("--rate", type=int, default=20_000, help="requests per second")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each flood")
    parser.add_argument("kind", nargs="*", help=f"{', '.join(KINDS)}; all without one")
    options = parser.parse_args()
    if unknown := [kind for kind in options.kind if kind not in KINDS]:
        parser.error(f"no flood {', '.join(unknown)}; there are {', '.join(KINDS)}")
    results: dict[str, Flooded] = {}
    for kind in options.kind or KINDS:
        print(f"== flood {kind}: {KINDS[kind]}, {options.seconds:g} s", flush=True)
        results[kind] = flood(kind, rate=options.rate, seconds=options.seconds)
    Console(width=110).print(table(results, {kind: microseconds(kind) for kind in results}))
    failures = [f"{kind}: {goal}" for kind, result in results.items() for goal in missed(kind, result)]
    print("\n".join(f"MISSED: {failure}" for failure in failures) or "all goals met")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
