"""What interop tests do with fragments of IKE messages; these coroutines run inside the lab."""

from dataclasses import replace
from itertools import product
from typing import Any

from gateway.control.client import Connection
from gateway.lab import strongswan
from gateway.lab.gateway_node import CONTROL
from gateway.lab.lab import Lab
from tests.interop.cpe_drills import COVERED, only_tunnel, until

DROP_FRAGMENTS = """
table ip no_fragments {
 chain early {
  type filter hook prerouting priority -450
  ip frag-off & 0x3fff != 0 counter drop
 }
}
"""
"""Drops every IP fragment before connection tracking would put the packet together again."""


async def records(lab: Lab) -> list[dict[str, Any]]:
    """Every record of the gateway so far."""
    connection = Connection(*await lab.nodes[lab.topology.gateway].connect(CONTROL))
    status = await connection.request("status")
    found = []
    async for record in connection.events():
        found.append(record)
        if record["id"] >= status["last_record"]:
            break
    connection.close()
    return found


async def set_fragment_size(lab: Lab, octets: int) -> None:
    """Let new IKE SAs of strongSwan cut their messages into IP datagrams of that many octets."""
    _, tunnel = only_tunnel(lab)
    text = strongswan.daemon_configuration()
    text = text.replace("charon-systemd {", f"charon-systemd {{\n    fragment_size = {octets}", 1)
    await tunnel.node.write("/run/etc/strongswan.conf", text)
    await tunnel.node.check("swanctl", "--reload-settings")


async def connect_with_many_proposals(lab: Lab, *, fragmentation: str, seconds: int) -> dict[str, Any]:
    """Reconnect with an IKE_AUTH request of more than 1,500 octets; whether it came up, and a ping."""
    cpe, tunnel = only_tunnel(lab)
    choices = product((128, 192, 256), ("sha1", "sha256", "sha384", "sha512"), ("noesn", "esn", "esn-noesn"))
    refused = [f"aes{bits}-{integrity}-{esn}" for bits, integrity, esn in choices]
    settings = replace(tunnel.settings, esp=", ".join([tunnel.settings.esp, *refused]))
    text = strongswan.connection_configuration(settings, "/run/updown")
    text = text.replace("version = 2", f"version = 2\n        fragmentation = {fragmentation}", 1)
    text = text.replace("start_action = start", "start_action = none")
    text = text.replace("close_action = start", "close_action = none")
    await tunnel.node.run("swanctl", "--terminate", "--ike", strongswan.CONNECTION, "--timeout", "3")
    await tunnel.node.write("/run/etc/swanctl/swanctl.conf", text, mode=0o600)
    await tunnel.node.check("swanctl", "--load-all")
    up = await tunnel.node.run(
        "swanctl", "--initiate", "--child", strongswan.CONNECTION, "--timeout", str(seconds)
    )
    if up.status != 0:
        return {"up": False}
    await until(lambda: lab.missing(cpe, tunnel), wanted=None)
    ping = await lab.nodes["host"].run("ping", "-c", "2", "-i", "0.1", "-W", "2", COVERED)
    return {"up": True, "ping": ping.status}
