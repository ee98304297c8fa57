"""Handshakes per second and what they cost, of `gsalab up` and of strongSwan's charon as the responder.

    python -m benchmarks handshakes

One handshake is IKE_SA_INIT, IKE_AUTH with a CHILD SA, and the deletion of the IKE SA: AES-GCM-256 and
HMAC-SHA2-384 with each Diffie-Hellman group. The same initiator talks to both, from another namespace of this
machine. Processor time is that of the responder's process, from /proc, its threads included: it does not
depend on how fast the initiator is. The rate is what one core would do that does nothing else.
"""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path
from typing import Any

from gateway.lab import strongswan
from gateway.lab.backend import CommandError
from gateway.lab.gateway_node import LAB_FILE, UP, GatewayNode
from gateway.lab.netns import NetnsBackend, NetnsNode
from gateway.lab.scenario import dump_yaml
from gateway.lab.topology import End, Link, NodePlan, Topology

HANDSHAKES = 250
WARM_UP = 30
ROUNDS = 2
PSK = "a-long-shared-secret"
RESPONDER = IPv4Address("203.0.113.100")
GROUPS = {
    "MODP_2048": ("dhGroup14", "modp2048"),
    "MODP_2048_256": ("dhGroup24", "modp2048s256"),
    "ECP_256": ("ecp256", "ecp256"),
    "ECP_384": ("ecp384", "ecp384"),
}
"""IANA group to its names in a device link's policy and in strongSwan."""
ADDRESSES = {group: f"203.0.113.{10 + index}" for index, group in enumerate(GROUPS)}
"""The initiator's: each group has a device link of its own."""
INITIATOR = Path(__file__).with_name("_initiator.py")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One run against one responder."""

    responder: str
    group: str
    seconds: float
    processor_ms: float
    retransmissions: int


def topology() -> Topology:
    """Two nodes and a cable."""
    addresses = tuple(IPv4Interface(f"{address}/24") for address in ADDRESSES.values())
    ends = (
        End(node="cpe", neighbour="gateway", addresses=addresses),
        End(node="gateway", neighbour="cpe", addresses=(IPv4Interface(f"{RESPONDER}/24"),)),
    )
    return Topology(
        nodes={"cpe": NodePlan(name="cpe", role="host"), "gateway": NodePlan(name="gateway", role="gateway")},
        links=(Link(ends),),
    )


def lab_file() -> dict[str, Any]:
    """One device link for each group."""
    links = [
        {
            "name": group.lower().replace("_", "-"),
            "ipAddress": ADDRESSES[group],
            "bgpConfiguration": {
                "localIpAddress": f"10.2.0.{4 + index}",
                "peerIpAddress": f"10.1.0.{4 + index}",
                "asn": 65001,
            },
            "tunnelConfiguration": {
                "ikeEncryption": "gcmAes256",
                "ikeIntegrity": "sha384",
                "dhGroup": name,
                "ipSecEncryption": "gcmAes256",
                "ipSecIntegrity": "gcmAes256",
                "pfsGroup": "none",
                "saLifeTimeSeconds": 3600,
                "preSharedKey": PSK,
            },
        }
        for index, (group, (name, _)) in enumerate(GROUPS.items())
    ]
    branch = {"name": "branch", "region": "westUS", "forwardingProfiles": ["microsoft"], "deviceLinks": links}
    return {"remoteNetworks": [branch], "gateway": {"endpoints": [str(RESPONDER)]}}


def charon_configuration() -> str:
    """strongswan.conf: that of a lab's CPE, without cookies, which would cost the initiator a round trip."""
    return strongswan.daemon_configuration().replace(
        "charon-systemd {\n", "charon-systemd {\n    dos_protection = no\n", 1
    )


def charon_connection() -> str:
    """swanctl.conf of charon as the responder to any of the groups."""
    proposals = ",".join(f"aes256gcm16-prfsha384-{name}" for _, name in GROUPS.values())
    return f"""\
connections {{
    any {{
        version = 2
        local_addrs = {RESPONDER}
        proposals = {proposals}
        unique = never
        local {{
            auth = psk
            id = {RESPONDER}
        }}
        remote {{
            auth = psk
        }}
        children {{
            any {{
                local_ts = 0.0.0.0/0
                remote_ts = 0.0.0.0/0
                esp_proposals = aes256gcm16
            }}
        }}
    }}
}}
secrets {{
    ike-any {{
        secret = "{PSK}"
    }}
}}
"""


def processor_seconds(pid: int) -> float:
    """Processor time of a process so far, its threads included and its children not."""
    after_name = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS


def pid_of(part: str) -> int:
    """The process of this lab with this in its command line."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and part.encode() in (process / "cmdline").read_bytes():
            return int(process.name)
    raise LookupError(f"no process of this lab has {part!r} in its command line")


async def start_gateway(node: NetnsNode) -> int:
    """Start `gsalab up`; its process."""
    await node.write(LAB_FILE, dump_yaml(lab_file()), mode=0o600)
    await GatewayNode(node, (*NetnsBackend.gsalab, *UP)).start()
    return pid_of("gateway.cli\0up\0")


async def start_charon(node: NetnsNode) -> int:
    """Start charon as a responder; its process."""
    folders = (f"/run/etc/swanctl/{folder}" for folder in strongswan.CREDENTIAL_FOLDERS)
    await node.check("mkdir", "-p", *folders)
    await node.write("/run/etc/swanctl/swanctl.conf", charon_connection(), mode=0o600)
    await node.write("/run/etc/strongswan.conf", charon_configuration())
    await node.cover("/etc/strongswan.conf", "/run/etc/strongswan.conf")
    await node.cover("/etc/swanctl", "/run/etc/swanctl")
    await node.start("charon-systemd", log="/run/charon.out")
    while not await node.listens(strongswan.VICI):
        pass
    await node.check("swanctl", "--load-all")
    return pid_of("charon-systemd")


async def measure(cpe: NetnsNode, pid: int, responder: str, group: str, count: int) -> Measured:
    """So many handshakes with one responder."""
    before = processor_seconds(pid)
    done = await cpe.run(
        *(sys.executable, str(INITIATOR), ADDRESSES[group], str(RESPONDER), group),
        *(str(count), PSK),
        limit=90,
    )
    if done.status:
        raise CommandError(f"{responder}, {group}: {done.errors}")
    said = json.loads(done.output)
    return Measured(
        responder=responder,
        group=group,
        seconds=said["seconds"],
        processor_ms=(processor_seconds(pid) - before) / count * 1000,
        retransmissions=said["retransmissions"],
    )


def run_responder(responder: str) -> list[Measured]:
    """All groups against one responder, in a lab of its own."""
    found: list[Measured] = []

    async def program(send: Callable[[str, Any], None]) -> None:
        nodes = await NetnsBackend().create(topology())
        start = {"gsalab": start_gateway, "charon": start_charon}[responder]
        pid = await start(nodes["gateway"])
        for group in GROUPS:
            await measure(nodes["cpe"], pid, responder, group, WARM_UP)
            done = await measure(nodes["cpe"], pid, responder, group, HANDSHAKES)
            send("measured", vars(done))

    def hear(_: str, body: Any) -> None:  # noqa: ANN401 - what was sent
        found.append(Measured(**body))

    NetnsBackend().run("handshakes", program, hear, keep=False)
    return found


def main() -> None:
    """Run both, in turn, and print the better run of each."""
    best: dict[tuple[str, str], Measured] = {}
    for _ in range(ROUNDS):
        for responder in ("gsalab", "charon"):
            for done in run_responder(responder):
                key = (done.responder, done.group)
                if key not in best or done.processor_ms < best[key].processor_ms:
                    best[key] = done
    print(
        f"{'group':<15}{'gsalab ms':>10}{'a core, per s':>15}{'charon ms':>11}{'a core, per s':>15}"
        f"{'ratio':>7}{'measured per s':>22}"
    )
    for group in GROUPS:
        ours, theirs = best["gsalab", group], best["charon", group]
        rates = f"{HANDSHAKES / ours.seconds:.0f} and {HANDSHAKES / theirs.seconds:.0f}"
        print(
            f"{group:<15}{ours.processor_ms:>10.2f}{1000 / ours.processor_ms:>15,.0f}"
            f"{theirs.processor_ms:>11.2f}{1000 / theirs.processor_ms:>15,.0f}"
            f"{ours.processor_ms / theirs.processor_ms:>7.2f}{rates:>22}"
        )


if __name__ == "__main__":
    main()
