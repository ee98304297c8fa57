"""Memory of one established tunnel: an IKE SA with a CHILD SA.

    python -m benchmarks memory

Once in `gsalab up`, by what its resident memory grows while IKE SAs are set up and kept, and once in the
responder and the dataplane's SAs alone, by tracemalloc.
"""

import gc
import os
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.handshakes import ADDRESSES, INITIATOR, PSK, RESPONDER, start_gateway, topology
from gateway.dataplane.children import Child
from gateway.lab.backend import CommandError
from gateway.lab.netns import NetnsBackend
from ike.path import Path as NetworkPath
from ike.responder import Responder
from tests.ike.initiator import Initiator
from tests.ike.world import GATEWAY, PEER, World

GROUP = "ECP_256"
WARM_UP, TUNNELS = 50, 300
ALONE = 300


def resident_kb(pid: int) -> int:
    """Resident memory of a process, in kilobytes."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def of_the_daemon() -> float:
    """Kilobytes per tunnel that `gsalab up` grows by."""
    grown: list[float] = []

    async def program(send: Callable[[str, Any], None]) -> None:
        nodes = await NetnsBackend().create(topology())
        pid = await start_gateway(nodes["gateway"])
        before = 0
        for count in (WARM_UP, TUNNELS):
            before = resident_kb(pid)
            done = await nodes["cpe"].run(
                *(sys.executable, str(INITIATOR), ADDRESSES[GROUP], str(RESPONDER), GROUP),
                *(str(count), PSK, "keep"),
                limit=90,
            )
            if done.status:
                raise CommandError(done.errors)
        send("grown", (resident_kb(pid) - before) / TUNNELS)

    NetnsBackend().run("memory", program, lambda _, body: grown.append(body), keep=False)
    return grown[0]


def alone() -> float:
    """Kilobytes per tunnel of the responder and the dataplane's two SAs, as Python counts them."""
    world = World()
    world.responder = Responder(lambda _: PEER, os.urandom, world.limits)
    kept: list[Child] = []

    def connect(number: int) -> None:
        source = f"203.0.{number >> 8}.{number & 0xFF}"
        cpe = Initiator(world, seed=str(number), path=NetworkPath(GATEWAY, 500, source, 500))
        cpe.connect()
        newest = list(world.responder.ike_sas())[-1]
        kept.extend(Child(child.esp) for child in newest.children.values())
        world.events.clear()

    for number in range(20):
        connect(number)
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(20, 20 + ALONE):
        connect(number)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    if len(kept) != 20 + ALONE:
        raise AssertionError(f"{len(kept)} CHILD SAs, {20 + ALONE} expected")
    return (after - before) / ALONE / 1000


def main() -> None:
    """Measure and print."""
    print(f"gsalab up, resident memory       {of_the_daemon():>6.1f} kB per tunnel")
    print(f"responder and dataplane, traced  {alone():>6.1f} kB per tunnel")


if __name__ == "__main__":
    main()
