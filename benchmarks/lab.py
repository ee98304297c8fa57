"""How long a CPE waits, and what the gateway needs while nothing happens.

Runs the scenario ``basic`` a few times and prints the milliseconds from the CPE's start to the tunnel,
to BGP Established and to the routes in BIRD; then the gateway's resident memory and the processor time of
ten idle seconds, ExaBGP not counted.
"""

import asyncio
import os
from pathlib import Path

from gateway.lab.lab import Lab
from gateway.lab.runner import run_scenario
from gateway.lab.scenario import load

RUNS = 3
IDLE_SECONDS = 10.0
_TICKS = os.sysconf("SC_CLK_TCK")
ONE_PING = [{"from": "host", "ping": "52.96.0.1"}]


def main() -> None:
    """Run and print."""
    scenario = load("basic", {"traffic": ONE_PING})
    print(f"{'run':<6}{'tunnel ms':>10}{'BGP ms':>10}{'routes ms':>11}{'RSS MB':>8}{'idle CPU %':>12}")
    for number in range(1, RUNS + 1):
        run = run_scenario(scenario, during=_footprint)
        if run.report.problems:
            raise SystemExit("\n".join(run.report.problems))
        timings, (megabytes, percent) = run.report.timings_ms, run.extra
        print(
            f"{number:<6}{timings['tunnel']:>10}{timings['bgp']:>10}{timings['routes']:>11}"
            f"{megabytes:>8.0f}{percent:>12.2f}"
        )


async def _footprint(_: Lab) -> tuple[float, float]:
    """Resident megabytes of the gateway, and percent of one core that it uses when idle."""
    process = _gateway_process()
    before = _processor_seconds(process)
    await asyncio.sleep(IDLE_SECONDS)
    used = _processor_seconds(process) - before
    status = (process / "status").read_text("ascii")
    kilobytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return kilobytes / 1000, 100 * used / IDLE_SECONDS


def _gateway_process() -> Path:
    """The gateway among the processes of the lab."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and b"\0gateway.cli\0up\0" in (process / "cmdline").read_bytes():
            return process
    raise LookupError("no process of this lab is `gateway.cli up`")


def _processor_seconds(process: Path) -> float:
    after_name = (process / "stat").read_text("ascii").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS


if __name__ == "__main__":
    main()
