"""A remote network's inner namespace with its edge, and a branch in front of it.

    branch  10.1.0.10 ---- br0 / gsa0 ---- inner namespace: edge, BGP address 198.51.100.1
                      ---- br1 / gsa1 ----                            and 198.51.100.2

veth pairs stand in for the tunnels. Everything is made inside a sandbox, whose end removes it.
"""

import asyncio
import os
import socket
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from scapy.layers.inet import IP
from scapy.packet import Packet

from gateway.edge import CoveredProfile, Edge
from gateway.netns import InnerNamespace

HOST = "10.1.0.10"
STRANGER = "10.99.0.1"
BGP_ADDRESSES = ("198.51.100.1", "198.51.100.2")
PEER = "198.51.100.11"
MAC = "02:00:00:00:00:01"
LAN = IPv4Network("10.1.0.0/24")
THROUGH_SECOND = IPv4Network("52.97.0.0/16")
"""What the branch asks through its second tunnel; everything else goes through the first."""
LEARNED_INSIDE_COVERED = IPv4Network("13.107.8.0/24")
MICROSOFT = CoveredProfile(
    name="microsoft", prefixes=tuple(map(IPv4Network, ("13.107.6.152/31", "52.96.0.0/14")))
)
INTERNET = CoveredProfile(name="internet", prefixes=tuple(map(IPv4Network, ("13.0.0.0/8", "52.0.0.0/8"))))
ANSWER_SECONDS = 0.15


async def command(*arguments: str) -> str:
    """Run a program that may fail; its output."""
    process = await asyncio.create_subprocess_exec(
        *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(process.communicate(), 10)
    return output.decode()


class World:
    """One remote network and its branch.

    Args:
        name: Of the remote network; its tunnels are ``<name>/cpe1/0`` and ``/1``.
        kind: Of its namespace; a shared one is the sandbox's own.
    """

    inner: InnerNamespace
    branch: InnerNamespace
    edge: Edge
    sniffer: socket.socket
    sender: socket.socket

    def __init__(self, name: str, kind: type[InnerNamespace] = InnerNamespace) -> None:
        self.name = name
        self._kind = kind
        self.records: list[dict[str, Any]] = []

    async def build(self) -> None:
        """Make the namespaces, the two tunnels and the edge."""
        self.inner = await self._kind.create(self.name)
        self.branch = await InnerNamespace.create(f"branch of {self.name}")
        for number, address in enumerate(BGP_ADDRESSES):
            await self._add_tunnel(number)
            await self.inner.add_address(address, f"gsa{number}")
        await self.in_branch("ip", "address", "add", f"{HOST}/24", "dev", "br0")
        for address in (STRANGER, PEER):
            await self.in_branch("ip", "address", "add", f"{address}/32", "dev", "br0")
        await self.in_branch("ip", "route", "add", "default", "dev", "br0")
        await self.in_branch("ip", "route", "add", str(THROUGH_SECOND), "dev", "br1", "src", HOST)
        await self.inner.set_learned_routes({LAN: ["gsa0"]})
        tunnels = {self.inner.index_of(f"gsa{number}"): f"{self.name}/cpe1/{number}" for number in (0, 1)}
        self.edge = Edge(
            self.inner,
            [MICROSOFT, INTERNET],
            {"intranet.lab": IPv4Address("13.1.2.3")},
            tunnels.get,
            lambda *_, **data: self.records.append(data),
        )
        await self.edge.start([IPv4Address(address) for address in BGP_ADDRESSES])
        self.sniffer = self.branch.run(
            lambda: socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        )
        self.sniffer.setblocking(False)
        self.sender = self.branch.run(
            lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        )

    async def _add_tunnel(self, number: int) -> None:
        """A veth pair without ARP: to IP it behaves as a tunnel does."""
        inner, branch = f"gsa{number}", f"br{number}"
        await command("ip", "link", "add", inner, "type", "veth", "peer", "name", branch)
        for device, namespace in ((inner, self.inner), (branch, self.branch)):
            pinned = f"/proc/{os.getpid()}/fd/{namespace.fd}"
            await command("ip", "link", "set", device, "netns", pinned)
            enter = namespace.enter_command()
            await command(*enter, "ip", "link", "set", device, "address", MAC, "arp", "off", "up")

    async def in_branch(self, *arguments: str) -> str:
        """Run a program in the branch; its output."""
        return await command(*self.branch.enter_command(), *arguments)

    async def in_inner(self, *arguments: str) -> str:
        """Run a program in the inner namespace; its output."""
        return await command(*self.inner.enter_command(), *arguments)

    async def way_to(self, address: str) -> str:
        """The route to an address for what is inside."""
        mark = () if self.inner.mark is None else ("mark", str(self.inner.mark))
        return await self.in_inner("ip", "route", "get", address, *mark)

    async def answers_to(self, packet: Packet, *, times: int = 1) -> list[str]:
        """Send an IP packet from the branch; summaries of what comes back."""
        self._received()
        for _ in range(times):
            self.sender.sendto(bytes(packet), (packet.dst, 0))
        await asyncio.sleep(ANSWER_SECONDS)
        return self._received()

    def _received(self) -> list[str]:
        """What has arrived from the tunnels since last asked."""
        found: list[str] = []
        while True:
            try:
                data, origin = self.sniffer.recvfrom(65535)
            except BlockingIOError:
                return found
            if origin[2] != socket.PACKET_OUTGOING:
                found.append(IP(data).summary())

    async def close(self) -> None:
        """Let go of everything."""
        await self.edge.stop()
        self.sniffer.close()
        self.sender.close()
        await self.inner.close()
        await self.branch.close()
