"""One remote network at run time: inner namespace, tunnel devices, BGP speaker, learned routes, edge."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from bgp import Neighbor, Speaker
from bgp.events import BgpEvent, RoutesLearned, RoutesWithdrawn
from gateway.daemon import background
from gateway.daemon.import_policy import ImportPolicy
from gateway.daemon.routes import LearnedRoutes, Routes
from gateway.daemon.together import together
from gateway.daemon.translate import publish_bgp
from gateway.dataplane.userspace import Userspace
from gateway.edge import CoveredProfile, Edge, load_services
from gateway.edge.coverage import Coverage
from gateway.edge.drop_watch import DropWatch
from gateway.edge.rules import TUNNEL_DEVICES
from gateway.model import Tunnel
from gateway.model.profiles import ProfileName, prefixes
from gateway.netns import InnerNamespace
from gateway.records import Stream

TUNNEL_MTU = 1380
"""Octets of an inner packet: the operations guide's figure for IPsec."""


@dataclass(frozen=True, kw_only=True)
class Attached:
    """A tunnel inside the namespace.

    Args:
        tunnel: Its configuration.
        device: Name of its TUN device.
        interface: Index of that device in the namespace.
        descriptor: The open TUN device.
        dataplane: What carries it.
    """

    tunnel: Tunnel
    device: str
    interface: int
    descriptor: int
    dataplane: Userspace


class Network:
    """A remote network.

    Args:
        name: Its name in the lab file.
        profiles: What the edge answers for.
        advertised: What the CPE is told by BGP.
        names: The lab's table of host names.
        stream: Where its records go.
        run_dir: Directory for its BGP speaker.
        namespace: The kind of namespace that it is in.
    """

    def __init__(
        self,
        name: str,
        *,
        profiles: Sequence[CoveredProfile],
        advertised: tuple[IPv4Network, ...],
        names: Mapping[str, IPv4Address],
        stream: Stream,
        run_dir: Path,
        namespace: type[InnerNamespace] = InnerNamespace,
    ) -> None:
        self.name = name
        self.profiles = profiles
        self.advertised = advertised
        self._names = names
        self._stream = stream
        self._run_dir = run_dir
        self._namespace = namespace
        self._attached: dict[str, Attached] = {}
        self._policy = ImportPolicy(advertised)
        self._learned = LearnedRoutes()
        self._up: set[str] = set()
        self._routes_changed = asyncio.Event()
        self._close = contextlib.AsyncExitStack()

    async def start(self, tunnels: Sequence[Tunnel], dataplane_of: Callable[[Tunnel], Userspace]) -> None:
        """Make the namespace and everything in it; after an error nothing is left.

        Raises:
            OSError, EnvironmentProblem, RulesError, SpeakerError: A part cannot be made.
        """
        async with contextlib.AsyncExitStack() as building:
            namespace = await self._namespace.create(self.name)
            building.push_async_callback(namespace.close)
            self.edge = Edge(namespace, self.profiles, self._names, self._tunnel_of, self._stream.publish)
            await self.edge.start([tunnel.local_bgp for tunnel in tunnels])
            building.push_async_callback(self.edge.stop)
            for index, tunnel in enumerate(tunnels):
                device = f"{TUNNEL_DEVICES}{index}"
                await self._attach(namespace, tunnel, device, dataplane_of(tunnel), building)
            self.speaker = Speaker(
                launcher=namespace.enter_command(), run_dir=self._run_dir, on_event=self._on_bgp_event
            )
            await self.speaker.start()
            building.push_async_callback(self.speaker.stop)
            for tunnel in tunnels:
                self.speaker.advertise(tunnel.name, self.advertised)
            await together(
                self.speaker.set_neighbors([_neighbor(tunnel) for tunnel in tunnels]),
                asyncio.to_thread(load_services),
            )
            keeper = background.begin(self._keep_routes(namespace), f"keeping the routes of {self.name}")
            watch = background.begin(self._watch_drops(), f"watching the drops of {self.name}")
            building.push_async_callback(background.end, keeper, watch)
            self._close = building.pop_all()

    async def stop(self) -> None:
        """Undo ``start``; stopping twice is harmless."""
        await self._close.aclose()

    def attached(self) -> list[Attached]:
        """The tunnels, in the order of the lab file."""
        return list(self._attached.values())

    def learned(self, tunnel: str) -> list[IPv4Network]:
        """The prefixes that a tunnel's CPE announces."""
        return self._learned.of(tunnel)

    def tunnel_up(self, tunnel: str) -> None:
        """The tunnel has a CHILD SA: its learned routes count."""
        self._up.add(tunnel)
        self._routes_changed.set()

    def tunnel_down(self, tunnel: str) -> None:
        """The tunnel has no CHILD SA any more: its routes count no longer, its BGP session ends."""
        self._up.discard(tunnel)
        self._routes_changed.set()
        self.speaker.reset(tunnel)

    async def _attach(
        self,
        namespace: InnerNamespace,
        tunnel: Tunnel,
        device: str,
        dataplane: Userspace,
        building: contextlib.AsyncExitStack,
    ) -> None:
        descriptor = await namespace.add_tun(device, TUNNEL_MTU, vnet_hdr=True)
        building.callback(os.close, descriptor)
        await namespace.add_address(str(tunnel.local_bgp), device)
        dataplane.add_tunnel(tunnel.name, descriptor, vnet_hdr=True, rate_mbps=tunnel.bandwidth_mbps)
        building.callback(dataplane.remove_tunnel, tunnel.name)
        self._attached[tunnel.name] = Attached(
            tunnel=tunnel,
            device=device,
            interface=namespace.index_of(device),
            descriptor=descriptor,
            dataplane=dataplane,
        )

    def _on_bgp_event(self, event: BgpEvent) -> None:
        publish_bgp(self._stream, self.name, event)
        if isinstance(event, RoutesLearned):
            accepted, refused = self._policy.sort(event.prefixes, event.as_path)
            for reason, prefixes in refused.items():
                self._stream.publish(
                    "bgp",
                    "routes_refused",
                    tunnel=event.neighbor,
                    reason=reason.value,
                    rule=reason.explanation,
                    prefixes=list(map(str, prefixes)),
                )
            self._learned.withdraw(event.neighbor, event.prefixes)  # an earlier route of theirs is replaced
            self._learned.learn(event.neighbor, accepted, event.as_path)
            self._routes_changed.set()
        elif isinstance(event, RoutesWithdrawn):
            self._learned.withdraw(event.neighbor, event.prefixes)
            self._routes_changed.set()

    async def _keep_routes(self, namespace: InnerNamespace) -> None:
        """Bring the namespace's routes in line whenever something changed."""
        installed: Routes = {}
        while True:
            await self._routes_changed.wait()
            self._routes_changed.clear()
            best = self._learned.best(frozenset(self._up))
            if best == installed:
                continue  # a tunnel without routes came or went
            devices = {
                prefix: [self._attached[tunnel].device for tunnel in tunnels]
                for prefix, tunnels in best.items()
            }
            try:
                await namespace.set_learned_routes(devices)
            except OSError as error:
                self._stream.publish(
                    "bgp", "route_not_installed", remote_network=self.name, reason=str(error)
                )
                continue
            installed = best
            routes = {str(prefix): tunnels for prefix, tunnels in sorted(best.items())}
            self._stream.publish("bgp", "routes_installed", remote_network=self.name, routes=routes)

    async def _watch_drops(self) -> None:
        """Tell what the edge drops, while a tunnel is there for it to come from."""
        watch = DropWatch(
            self.name,
            totals=self.edge.drop_totals,
            drops=self.edge.drops,
            profile_of=_profile_of,
            publish=self._stream.publish,
        )
        await watch.run(lambda: bool(self._up))

    def _tunnel_of(self, interface: int) -> str | None:
        names = (tunnel for tunnel, attached in self._attached.items() if attached.interface == interface)
        return next(names, None)


def _neighbor(tunnel: Tunnel) -> Neighbor:
    return Neighbor(
        name=tunnel.name,
        local_address=tunnel.local_bgp,
        local_as=tunnel.local_asn,
        peer_address=tunnel.peer_bgp,
        peer_as=tunnel.peer_asn,
        router_id=tunnel.local_bgp,
    )


@cache
def _known_profiles() -> Coverage:
    """All traffic profiles, associated or not."""
    names: tuple[ProfileName, ...] = ("microsoft", "internet")
    return Coverage([CoveredProfile(name=name, prefixes=prefixes(name)) for name in names])


def _profile_of(destination: IPv4Address) -> str | None:
    match = _known_profiles().match(destination)
    return match.profile if match else None
