"""What interop tests do with the NAT box of a lab that is up; these coroutines run inside the lab."""

import asyncio
from typing import Any

from gateway.lab.lab import Lab
from tests.interop.cpe_drills import COVERED, only_tunnel, until

_REKEYS = (("--rekey", "--child", "gsa"), ("--rekey", "--ike", "gsa"))


async def remap_while_pinging(lab: Lab) -> dict[str, Any]:
    """Ping in both directions of the tunnel while the mapping changes, then use it for IKE and ESP."""
    _, tunnel = only_tunnel(lab)
    pinging = asyncio.create_task(_ping(lab, count=200))
    await asyncio.sleep(1)
    await lab.boxes["isp"].ask("rebind")
    during = await pinging

    async def moved() -> bool:
        return bool(_path_changes(lab))

    await until(moved, wanted=True)
    after = await _ping(lab, count=20)
    rekeyed = [(await tunnel.node.run("swanctl", *command)).status for command in _REKEYS]
    again = await _ping(lab, count=20)
    far = (await lab.gateway.status())[tunnel.name]
    return {
        "sent": during[0],
        "lost": during[0] - during[1],
        "lost_later": after[0] - after[1] + again[0] - again[1],
        "rekeyed": rekeyed,
        "changes": [change["data"]["new"] for change in _path_changes(lab)],
        "remotes": sorted({sa["remote"] for sa in (*far["ike_sas"], *far["counters"]["sas"])}),
    }


def _path_changes(lab: Lab) -> list[dict[str, Any]]:
    return [record for record in lab.records if record["name"] == "path_changed"]


async def _ping(lab: Lab, *, count: int) -> tuple[int, int]:
    """Ping from the branch host: echo requests go in, replies come out; packets sent and received."""
    done = await lab.nodes["host"].run(
        "ping", "-q", "-c", str(count), "-i", "0.02", "-W", "5", COVERED, limit=60
    )
    words = next(line for line in done.output.splitlines() if "packets transmitted" in line).split()
    return int(words[0]), int(words[3])
