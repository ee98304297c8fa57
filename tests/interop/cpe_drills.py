"""What interop tests do with the CPE of a lab that is up; these coroutines run inside the lab."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from gateway.lab import strongswan
from gateway.lab.cpe import Cpe, CpeTunnel
from gateway.lab.lab import Lab

COVERED = "52.96.0.1"
"""A destination of the microsoft profile."""


def only_tunnel(lab: Lab) -> tuple[Cpe, CpeTunnel]:
    """The CPE and the tunnel of a lab that has one of each."""
    (cpe,) = lab.cpes
    (tunnel,) = cpe.tunnels
    return cpe, tunnel


async def until(ask: Callable[[], Awaitable[object]], *, wanted: object) -> None:
    """Ask again and again until the answer is as wanted; TimeoutError after forty seconds."""
    deadline = time.monotonic() + 40
    while await ask() != wanted:
        if time.monotonic() > deadline:
            raise TimeoutError
        await asyncio.sleep(0.05)


async def reconnect(lab: Lab, *, ike: str, esp: str) -> dict[str, Any]:
    """Take the tunnel down, enter other proposals on the CPE, bring it up, and ping through it."""
    cpe, tunnel = only_tunnel(lab)
    await cpe.take_down(tunnel)
    settings = replace(tunnel.settings, ike=ike, esp=esp)
    text = strongswan.connection_configuration(settings, "/run/updown")
    text = text.replace("start_action = start", "start_action = none")
    await tunnel.node.write("/run/etc/swanctl/swanctl.conf", text, mode=0o600)
    await tunnel.node.check("swanctl", "--load-all")
    await cpe.bring_up(tunnel)
    await until(lambda: lab.missing(cpe, tunnel), wanted=None)
    ping = await lab.nodes["host"].run("ping", "-c", "2", "-i", "0.1", "-W", "10", COVERED)
    (sa,) = await cpe.sas(tunnel)
    return {"ike": sa.suite, "esp": sa.children[0].suite, "ping": ping.status, "output": ping.output}


async def ping_while(lab: Lab, commands: Sequence[Sequence[str]], *, count: int = 250) -> dict[str, Any]:
    """Ping from the branch host every 20 ms while the CPE runs swanctl commands, half a second apart."""
    _, tunnel = only_tunnel(lab)
    pinging = asyncio.create_task(
        lab.nodes["host"].run(
            "ping", "-q", "-c", str(count), "-i", "0.02", "-s", "1000", "-W", "10", COVERED, limit=60
        )
    )
    outcomes = []
    for command in commands:
        await asyncio.sleep(0.5)
        done = await tunnel.node.run("swanctl", *command)
        outcomes.append(done.status)
    return {"outcomes": outcomes, "ping": (await pinging).output}


async def both_counters(lab: Lab) -> dict[str, Any]:
    """What strongSwan and the gateway counted on the CHILD SA, both read while nothing moved."""
    cpe, tunnel = only_tunnel(lab)
    await lab.nodes["host"].run("ping", "-q", "-c", "20", "-i", "0.02", "-s", "500", COVERED)
    while True:
        before = await cpe.sas(tunnel)
        ours = (await lab.gateway.status())[tunnel.name]["counters"]["sas"]
        after = await cpe.sas(tunnel)
        if before == after:
            return {"strongswan": asdict(after[0].children[0]), "gateway": ours[0]}


async def capture_reconnection(lab: Lab) -> str:
    """Capture at the gateway while the CPE reconnects, rekeys and pings; the capture, in hexadecimal."""
    cpe, tunnel = only_tunnel(lab)
    gateway = lab.nodes[lab.topology.gateway]
    capture = "/run/capture.pcap"
    # What UDP_SEGMENT sends at once is to be captured one by one.
    await gateway.check("ip", "link", "set", "to-internet", "gso_max_segs", "1")
    # Not tcpdump: as root it wants to become another user, of which a lab's user namespace has none.
    argv = ("dumpcap", "-q", "-P", "-i", "any", "-f", "udp port 500 or udp port 4500", "-w", capture)
    dumpcap = await gateway.start(*argv, log="/run/dumpcap.out")

    async def captures() -> bool:
        return b"File:" in await gateway.read("/run/dumpcap.out")

    await until(captures, wanted=True)
    await reconnect(lab, ike=tunnel.settings.ike, esp=tunnel.settings.esp)
    await tunnel.node.check("swanctl", "--rekey", "--child", strongswan.CONNECTION)
    await tunnel.node.check("swanctl", "--rekey", "--ike", strongswan.CONNECTION)
    await asyncio.sleep(0.5)
    await lab.nodes["host"].run("ping", "-c", "2", "-i", "0.1", COVERED)
    await cpe.take_down(tunnel)
    await asyncio.sleep(0.3)
    await dumpcap.stop()
    return (await gateway.read(capture)).hex()


async def reauthenticate(lab: Lab, *, make_before_break: bool) -> dict[str, Any]:
    """Let the CPE authenticate itself anew while the branch host pings; what that cost and what was left."""
    cpe, tunnel = only_tunnel(lab)
    order = f"install_routes = no\n    make_before_break = {'yes' if make_before_break else 'no'}"
    text = strongswan.daemon_configuration().replace("install_routes = no", order)
    await tunnel.node.write("/run/etc/strongswan.conf", text)
    await tunnel.node.check("swanctl", "--reload-settings")
    # charon remembers the order when it makes an IKE SA.
    await cpe.take_down(tunnel)
    await cpe.bring_up(tunnel)
    await until(lambda: lab.missing(cpe, tunnel), wanted=None)
    before = (await lab.gateway.status())[tunnel.name]
    pinged = await ping_while(lab, [("--rekey", "--ike", strongswan.CONNECTION, "--reauth")])
    await until(lambda: lab.missing(cpe, tunnel), wanted=None)
    after = (await lab.gateway.status())[tunnel.name]
    return {
        "outcomes": pinged["outcomes"],
        "ping": pinged["ping"],
        "is_new": after["ike"]["spi"] != before["ike"]["spi"],
        "ike_sas": len(after["ike_sas"]),
        "sending": [sa["sending"] for sa in after["counters"]["sas"]],
        "same_session": after["bgp"]["since"] == before["bgp"]["since"],
    }
