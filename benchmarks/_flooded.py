"""A lab under a flood of IKE_SA_INIT requests with spoofed sources, and what its tunnels notice of it.

The scenario ``two-branches`` is up. While the internet's router floods the gateway, the northern host pings
through its established tunnel and the southern CPE connects anew.
"""

import asyncio
import json
import os
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.lab import strongswan
from gateway.lab.backend import CommandError, Node
from gateway.lab.lab import Lab
from gateway.lab.runner import run_scenario
from gateway.lab.scenario import load

FLOODER = Path(__file__).with_name("_flood.py")
KINDS = {
    "strangers": "any source address, none of a device link",
    "links": "the addresses of both CPEs, port 500",
    "ports": "the addresses of both CPEs, any port",
    "natt": "the address of the CPE that connects, from and to port 4500",
}
ENDPOINT = "198.51.100.20"
CPES = ("203.0.113.10", "203.0.113.14")
COVERED = "52.96.0.1"
_LEAD = 1.5
"""Seconds for which the flood runs before anything is asked of the gateway."""
_TICKS = os.sysconf("SC_CLK_TCK")
_RECEIVED = re.compile(r"(\d+) packets transmitted, (\d+) received")


@dataclass(frozen=True, kw_only=True)
class Flooded:
    """What a flood did.

    Args:
        sent: Requests that the flood sent.
        seconds: In this time.
        delivered: Datagrams that the gateway's UDP sockets handed to it.
        overflowed: Datagrams that the kernel dropped because a socket's buffer was full.
        connect_seconds: From the southern CPE's start of the negotiation to its CHILD SA; None: it failed.
        pings_sent: Echo requests of the northern host.
        pings_lost: Those without an answer.
        grown_mb: What the gateway's resident memory grew by, in megabytes.
        gateway_percent: Processor time of the gateway, in percent of one core.
        sender_percent: That of the flood's sender; delivery to the gateway's sockets is in it.
        cpes_percent: That of the CPEs' IKE daemons, which get the answers to requests in their names.
        rest_percent: That of everything else on the machine, the kernel's part of the flood included.
    """

    sent: int
    seconds: float
    delivered: int
    overflowed: int
    connect_seconds: float | None
    pings_sent: int
    pings_lost: int
    grown_mb: float
    gateway_percent: float
    sender_percent: float
    cpes_percent: float
    rest_percent: float


def flood(kind: str, *, rate: int, seconds: float) -> Flooded:
    """Run the lab under one kind of flood."""
    ping = [{"from": "north-host", "ping": COVERED}]
    overrides = {"traffic": ping, "lab.gateway.endpoints": [ENDPOINT]}

    async def during(lab: Lab) -> object:
        return await _drill(lab, kind, rate, seconds)

    run = run_scenario(load("two-branches", overrides), during=during)
    if run.report.problems:
        raise CommandError("\n".join(run.report.problems))
    return Flooded(**run.extra)


async def _drill(lab: Lab, kind: str, rate: int, seconds: float) -> dict[str, Any]:
    south = next(cpe for cpe in lab.cpes if cpe.name == "south-cpe")
    (tunnel,) = south.tunnels
    gateway, router = lab.nodes[lab.topology.gateway], lab.nodes["internet"]
    await south.take_down(tunnel)
    await asyncio.sleep(0.5)
    (process,) = _processes(b"\0gateway.cli\0up\0")
    memory, used, before = _resident_mb(process), _Used(process), await _udp(gateway)
    flooding = asyncio.create_task(
        router.run(
            *(sys.executable, str(FLOODER), kind, str(rate), str(seconds), ENDPOINT, *CPES),
            limit=seconds + 30,
        )
    )
    await asyncio.sleep(_LEAD)
    count = max(int((seconds - _LEAD) * 20), 20)
    pinging = asyncio.create_task(
        lab.nodes["north-host"].run(
            "ping", "-q", "-c", str(count), "-i", "0.05", "-W", "2", COVERED, limit=seconds + 60
        )
    )
    connect = await _connect(tunnel.node)
    ping, done = await pinging, await flooding
    after = await _udp(gateway)
    said = json.loads(done.output) if done.status == 0 else _failed(done.errors)
    sender_seconds = said.pop("sender_seconds")
    transmitted, received = map(int, _counted(ping.output))
    return {
        **said,
        "delivered": after["InDatagrams"] - before["InDatagrams"],
        "overflowed": after["RcvbufErrors"] - before["RcvbufErrors"],
        "connect_seconds": connect,
        "pings_sent": transmitted,
        "pings_lost": transmitted - received,
        "grown_mb": _resident_mb(process) - memory,
        **used.percent(sender_seconds),
    }


class _Used:
    """Processor time since it was made.

    Args:
        gateway: The gateway's process.
    """

    def __init__(self, gateway: Path) -> None:
        self._gateway = gateway
        self._cpes = _processes(b"charon-systemd")
        self._started = time.monotonic()
        self._before = self._seconds()

    def _seconds(self) -> tuple[float, float, float]:
        """Of the gateway, the CPEs and the whole machine."""
        of_cpes = sum(_processor_seconds(process) for process in self._cpes)
        user, nice, system, _idle, _iowait, irq, softirq = map(
            int, Path("/proc/stat").read_text("ascii").split(maxsplit=8)[1:8]
        )
        return _processor_seconds(self._gateway), of_cpes, (user + nice + system + irq + softirq) / _TICKS

    def percent(self, sender_seconds: float) -> dict[str, float]:
        """The members of ``Flooded`` that tell processor time."""
        passed = time.monotonic() - self._started
        gateway, cpes, machine = (
            now - before for now, before in zip(self._seconds(), self._before, strict=True)
        )
        return {
            "gateway_percent": 100 * gateway / passed,
            "sender_percent": 100 * sender_seconds / passed,
            "cpes_percent": 100 * cpes / passed,
            "rest_percent": 100 * (machine - gateway - cpes - sender_seconds) / passed,
        }


def _failed(errors: str) -> dict[str, Any]:
    raise CommandError(f"the flood did not run: {errors}")


def _counted(output: str) -> tuple[str, str]:
    found = _RECEIVED.search(output)
    if found is None:
        raise CommandError(f"ping said: {output}")
    return found[1], found[2]


async def _connect(node: Node) -> float | None:
    started = time.monotonic()
    done = await node.run(
        "swanctl", "--initiate", "--child", strongswan.CONNECTION, "--timeout", "20", limit=25
    )
    return time.monotonic() - started if done.status == 0 else None


async def _udp(node: Node) -> dict[str, int]:
    """The UDP counters of a node's kernel."""
    lines = (await node.check("cat", "/proc/net/snmp")).splitlines()
    names, values = (line.split()[1:] for line in lines if line.startswith("Udp:"))
    return dict(zip(names, map(int, values), strict=True))


def _processes(command: bytes) -> list[Path]:
    """The processes of this lab with this in their command line."""
    numbered = (each for each in Path("/proc").iterdir() if each.name.isdigit())
    return [each for each in numbered if command in (each / "cmdline").read_bytes()]


def _resident_mb(process: Path) -> float:
    status = (process / "status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1000


def _processor_seconds(process: Path) -> float:
    after_name = (process / "stat").read_text("ascii").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS
