"""Two hosts with a NAT box between them, in namespaces, for tests with plain sockets."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any

from gateway.lab.channel import Sender
from gateway.lab.nat_node import NatNode
from gateway.lab.natbox.settings import read_impairments, read_nat
from gateway.lab.netns import NetnsBackend, NetnsNode
from gateway.lab.sandbox import Sandbox
from gateway.lab.topology import End, Link, NodePlan, Topology

INSIDE, PUBLIC, FAR = "192.168.1.2", "198.51.100.10", "198.51.100.1"
_ANY = IPv4Network("0.0.0.0/0")

# Answers every datagram to the ports with where it came from.
_FAR = """
import select, socket, sys
socks = []
for port in (500, 4500):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("0.0.0.0", port))
    socks.append(s)
print("ready", flush=True)
while True:
    for s in select.select(socks, [], [])[0]:
        data, peer = s.recvfrom(65535)
        s.sendto(f"{peer[0]}:{peer[1]}/{len(data)}".encode(), peer)
"""
# Sends one datagram from each (source port, destination port, size), then reads the answers.
_ASK = """
import json, socket, sys
answers = []
for sport, dport, size in json.loads(sys.argv[1]):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("0.0.0.0", sport))
        s.settimeout(float(sys.argv[2]))
        s.sendto(b"\\1" * size, ("198.51.100.1", dport))
        try:
            answers.append(s.recv(2048).decode())
        except TimeoutError:
            answers.append(None)
print(json.dumps(answers))
"""


class World:
    """What a test does in the namespaces."""

    def __init__(self, nodes: dict[str, NetnsNode], box: NatNode, records: list[dict[str, Any]]) -> None:
        self.nodes = nodes
        self.box = box
        self.records = records

    async def ask(
        self, *asked: tuple[int, int] | tuple[int, int, int], wait: float = 0.5
    ) -> list[str | None]:
        """What the far host says about datagrams (source port, destination port, size): address:port/size."""
        sizes = [(*each, 64)[:3] for each in asked]
        done = await self.nodes["inside"].check("python3", "-c", _ASK, json.dumps(sizes), str(wait), limit=60)
        answers: list[str | None] = json.loads(done)
        return answers


def in_world(
    act: Callable[[World], Awaitable[Any]],
    *,
    nat: dict[str, str] | None,
    impair: dict[str, str] | None = None,
) -> Any:
    """What ``act`` returns; it has to fit into JSON."""

    async def build() -> Any:
        topology = _topology(nat, impair)
        nodes = dict(await NetnsBackend().create(topology))
        box = NatNode(nodes["isp"])
        await box.start(topology)
        records: list[dict[str, Any]] = []
        box.follow(records.append)
        await nodes["far"].start("python3", "-u", "-c", _FAR, log="/run/far.log")
        await nodes["far"].check("sh", "-c", "until [ -s /run/far.log ]; do sleep 0.02; done")
        return await act(World(nodes, box, records))

    def program(sender: Sender) -> None:
        sender.send("result", asyncio.run(build()))

    with Sandbox(program) as sandbox:
        ((_, result),) = sandbox.messages()
    return result


def _topology(nat: dict[str, str] | None, impair: dict[str, str] | None) -> Topology:
    way = {"toward": "far", "source": "192.168.1.0/24", "to": PUBLIC}
    plans = [
        NodePlan(name="inside", role="host", routes={_ANY: IPv4Address("192.168.1.1")}),
        NodePlan(
            name="isp",
            role="router",
            nat=None if nat is None else read_nat(way | nat),
            impair=None if impair is None else read_impairments({"toward": "far"} | impair),
        ),
        # Without a NAT it has to know the way back.
        NodePlan(name="far", role="host", routes={_ANY: IPv4Address(PUBLIC)}),
    ]
    cables = [
        ("inside", f"{INSIDE}/24", "isp", "192.168.1.1/24"),
        ("isp", f"{PUBLIC}/24", "far", f"{FAR}/24"),
    ]
    links = tuple(
        Link(
            (
                End(node=one, neighbour=other, addresses=(IPv4Interface(ours),)),
                End(node=other, neighbour=one, addresses=(IPv4Interface(theirs),)),
            )
        )
        for one, ours, other, theirs in cables
    )
    return Topology(nodes={plan.name: plan for plan in plans}, links=links)
