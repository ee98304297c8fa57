"""The edge: stands in for the internet behind the tunnels of one remote network.

It answers ping (the kernel does), DNS and HTTP for every destination that an associated traffic profile
covers; everything else is dropped silently and counted (``rules.nft``).
"""

import asyncio
import contextlib
import importlib
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address

from gateway.edge.connections import ConnectionServer
from gateway.edge.coverage import Coverage, CoveredProfile
from gateway.edge.datagrams import DatagramServer
from gateway.edge.drops import Drop, DropReason, parse_drops, parse_totals
from gateway.edge.requests import RequestLog
from gateway.edge.rules import list_counters, list_table, load, packets_counted, ruleset
from gateway.edge.visit import Flow, Kind, Visit
from gateway.netns import InnerNamespace

HTTP_PORT = 80
DNS_PORT = 53
CONNTRACK: Mapping[str, str] = {
    # Only a SYN opens a connection.
    "netfilter/nf_conntrack_tcp_loose": "0",
    # What lies outside the window is TCP's to judge; dropped as invalid, its reason would mislead.
    "netfilter/nf_conntrack_tcp_be_liberal": "1",
}
"""Settings that exist once the rules are loaded, which brings connection tracking up."""

_PINGS_SECONDS = 1.0
"""How old the number of answered pings may be: asking for it starts a program."""
_DNS_SECONDS = 10.0
_MAX_QUERIES = 100


def load_services() -> None:
    """Import what answers requests: a tenth of a second that a gateway has while ExaBGP starts."""
    importlib.import_module("gateway.edge.dns")
    importlib.import_module("gateway.edge.http")


class Edge:
    """The edge of one remote network.

    Args:
        namespace: Where it answers; its covered prefixes belong to the edge.
        profiles: Enabled and associated traffic profiles.
        names: The lab's own addresses for host names; every other name gets a covered address.
        tunnel_of: Name of the tunnel whose device has an interface index; None when none has.
        publish: Takes ``edge/request`` records (``Stream.publish``).
    """

    def __init__(
        self,
        namespace: InnerNamespace,
        profiles: Sequence[CoveredProfile],
        names: Mapping[str, IPv4Address],
        tunnel_of: Callable[[int], str | None],
        publish: Callable[..., object],
    ) -> None:
        self._namespace = namespace
        self._coverage = Coverage(profiles)
        self._names = {name.lower().rstrip("."): address for name, address in names.items()}
        self._tunnel_of = tunnel_of
        self._log = RequestLog(publish)
        self._connections = ConnectionServer()
        self._datagrams: DatagramServer | None = None
        self._answered: dict[str, int] = {"dns": 0, "http": 0}
        self._pings, self._pings_asked = 0, 0.0

    async def start(self, bgp_addresses: Sequence[IPv4Address]) -> None:
        """Load the rules, then answer. Start it before the first tunnel carries a packet.

        Args:
            bgp_addresses: Those of Global Secure Access in this namespace; they answer only BGP.

        Raises:
            RulesError, EnvironmentProblem, OSError: nft, or the kernel, refused.
        """
        rules = ruleset(bgp_addresses, self._coverage.prefixes, mark=self._namespace.mark)
        await load(self._namespace.enter_command(), rules)
        self._namespace.write_sysctls(CONNTRACK)
        await self._namespace.set_covered(self._coverage.prefixes)
        self._datagrams = DatagramServer(self._bound(socket.SOCK_DGRAM, DNS_PORT), self._answer_datagram)
        await self._connections.listen(self._bound(socket.SOCK_STREAM, DNS_PORT), self._serve_dns)
        await self._connections.listen(self._bound(socket.SOCK_STREAM, HTTP_PORT), self._serve_http)

    async def stop(self) -> None:
        """End the services; rules and ping stay as long as the namespace does."""
        await self._connections.close()
        if self._datagrams is not None:
            self._datagrams.close()
            self._datagrams = None

    async def drops(self) -> list[Drop]:
        """What was dropped in the last hour, most packets first.

        One drop for each reason, source, destination and port, up to 4096; ``drop_totals`` counts all.
        """
        return parse_drops(await list_table(self._namespace.enter_command()))

    async def drop_totals(self) -> dict[DropReason, int]:
        """Packets dropped since the start, for every reason."""
        return parse_totals(await list_counters(self._namespace.enter_command()))

    async def answered(self) -> dict[str, int]:
        """Requests answered since the start: ``ping``, ``dns`` and ``http``; pings may lag by a second."""
        now = time.monotonic()
        if now - self._pings_asked >= _PINGS_SECONDS:
            self._pings_asked = now
            self._pings = await packets_counted(self._namespace.enter_command(), "answered_ping")
        return {"ping": self._pings, **self._answered}

    def resolve(self, name: str) -> IPv4Address | None:
        """The address that the edge's DNS gives a host name; None when nothing is covered."""
        listed = self._names.get(name.lower())
        return self._coverage.address_for(name) if listed is None else listed

    def _bound(self, kind: int, port: int) -> socket.socket:
        """A socket inside the namespace, bound to a port of every address."""
        bound = self._namespace.socket(socket.AF_INET, kind)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(("0.0.0.0", port))  # noqa: S104 - every address of a namespace that has only tunnels
        except BaseException:
            bound.close()
            raise
        return bound

    def _describe(self, kind: Kind, flow: Flow, host: str) -> Visit:
        """Make a visit and log it."""
        visit = Visit(
            kind=kind,
            time=time.time(),
            flow=flow,
            host=host,
            match=self._coverage.match(flow.destination),
            tunnel=self._tunnel_of(flow.interface),
        )
        self._answered[kind] += 1
        self._log.add(visit)
        return visit

    def _answer_datagram(self, query: bytes, flow: Flow) -> bytes | None:
        """Answer a DNS query and log its name."""
        from gateway.edge.dns import answer  # noqa: PLC0415 - see load_services

        reply = answer(query, self.resolve)
        if reply is None:
            return None
        if reply.name is not None:
            self._describe("dns", flow, reply.name)
        return reply.wire

    async def _serve_dns(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flow: Flow
    ) -> None:
        """Answer the queries of a TCP connection, each behind its length (RFC 1035 4.2.2)."""
        with contextlib.suppress(TimeoutError, asyncio.IncompleteReadError):
            for _ in range(_MAX_QUERIES):
                async with asyncio.timeout(_DNS_SECONDS):
                    length = int.from_bytes(await reader.readexactly(2), "big")
                    reply = self._answer_datagram(await reader.readexactly(length), flow)
                    if reply is None:
                        return
                    writer.write(len(reply).to_bytes(2, "big") + reply)
                    await writer.drain()

    async def _serve_http(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flow: Flow
    ) -> None:
        from gateway.edge.http import HttpConnection  # noqa: PLC0415 - see load_services

        await HttpConnection(reader, writer, flow=flow, describe=self._describe).serve()
