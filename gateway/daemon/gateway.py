"""The gateway: assembles the IKE service and the remote networks of a lab, and takes them apart again."""

import contextlib
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path

from gateway.daemon import background
from gateway.daemon.checksum_watch import ChecksumWatch
from gateway.daemon.esp_probe import Asked, EspProbes
from gateway.daemon.fragment_watch import FragmentWatch
from gateway.daemon.handshakes import Handshakes
from gateway.daemon.ike_service import Carrier, IkeService
from gateway.daemon.key_candidates import candidate_keys
from gateway.daemon.keylog import KeyLog
from gateway.daemon.live_children import LiveChildren
from gateway.daemon.nat_autopsy import NatAutopsies
from gateway.daemon.nat_keepalives import NatKeepalives
from gateway.daemon.network import Network
from gateway.daemon.peers import Peers
from gateway.daemon.together import together
from gateway.daemon.trace import Trace
from gateway.daemon.translate import publish_ike
from gateway.dataplane.userspace import Userspace
from gateway.diagnosis import facts_of
from gateway.edge import CoveredProfile
from gateway.endpoint import Endpoint
from gateway.model import (
    LabFile,
    LabFileError,
    Problem,
    RemoteNetwork,
    Tunnel,
    advertised,
    covered,
    limits,
    tunnels,
)
from gateway.netns import InnerNamespace, SharedNamespace
from gateway.records import Stream
from ike.config import PeerConfig
from ike.events import Event

_NO_TUNNEL = Problem(
    file="lab",
    path="remoteNetworks[0].deviceLinks",
    saw="no device link",
    rule="a gateway serves at least one tunnel",
    fix="add a remote network with a device link, as in examples/minimal.yaml",
)
_TOO_MANY_TO_SHARE = Problem(
    file="lab",
    path="remoteNetworks",
    saw="more than one remote network, and --namespaces shared",
    rule="remote networks are kept apart by namespaces of their own",
    fix="one container for each remote network; or --namespaces own, for which a container needs SYS_ADMIN",
)


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to run the gateway.

    Args:
        keylog: Directory for Wireshark's key tables, or None.
        trace: File that every record is appended to, or None.
        shared: Put the remote network into the namespace that the gateway is in: for a single one only.
    """

    shared: bool = False
    keylog: Path | None = None
    trace: Path | None = None


class Gateway:
    """Everything that ``gsalab up`` runs, on the running event loop.

    Args:
        lab: The checked lab.
        stream: Where records go.
        options: How to run.
    """

    def __init__(self, lab: LabFile, stream: Stream, options: Options) -> None:
        self.lab = lab
        self.stream = stream
        self._options = options
        self.tunnels: list[Tunnel] = []
        self.networks: dict[str, Network] = {}
        self.endpoints: list[Endpoint] = []
        self._close = contextlib.AsyncExitStack()

    async def start(self) -> None:
        """Start every part; after an error nothing is left.

        Raises:
            EnvironmentProblem: The machine lacks something: a right, an address, a free port.
            LabFileError: The lab cannot be run: no pre-shared key, too few endpoints.
        """
        self.tunnels = tunnels(self.lab, _default_endpoints(self.lab))
        if not self.tunnels:
            raise LabFileError([_NO_TUNNEL])
        if self._options.shared and len(self.lab.remote_networks) > 1:
            raise LabFileError([_TOO_MANY_TO_SHARE])
        self._keylog = KeyLog(self._options.keylog) if self._options.keylog else None
        live = LiveChildren(
            on_up=lambda network, tunnel: self.networks[network].tunnel_up(tunnel),
            on_down=lambda network, tunnel: self.networks[network].tunnel_down(tunnel),
        )
        unsubscribe = self.stream.subscribe(live.on_record)
        async with contextlib.AsyncExitStack() as building:
            building.callback(unsubscribe)
            if self._options.trace:
                trace = Trace(self._options.trace)
                building.callback(trace.close)
                building.callback(self.stream.subscribe(trace.write))
            configured = [facts_of(tunnel, self.lab) for tunnel in self.tunnels]
            carriers = self._carriers()
            autopsies = NatAutopsies(self.stream, configured)
            building.push_async_callback(autopsies.stop)
            building.callback(self.stream.subscribe(autopsies.on_record))
            checksums = ChecksumWatch(sorted(carriers), self._names(), self.stream.publish)
            fragments = FragmentWatch(self.stream.publish)
            building.push_async_callback(
                background.end,
                background.begin(checksums.run(), "watching UDP checksums"),
                background.begin(fragments.run(), "watching IP fragments"),
            )
            probes = self._esp_probes(carriers)
            building.push_async_callback(probes.stop)
            building.callback(self.stream.subscribe(probes.on_record))
            run_dir = Path(building.enter_context(tempfile.TemporaryDirectory(prefix="gsalab-")))
            self.endpoints = [carrier.endpoint for carrier in carriers.values()]
            await together(
                *(
                    self._start_network(network, carriers, run_dir / f"bgp{index}", building)
                    for index, network in enumerate(self.lab.remote_networks)
                )
            )
            building.push_async_callback(self._ike.stop)
            for carrier in carriers.values():
                self._ike.serve(carrier)
            self._close = building.pop_all()
        facts = [each.as_json() for each in configured]
        self.stream.publish("lab", "gateway_ready", endpoints=sorted(carriers), tunnels=facts)

    async def stop(self) -> None:
        """Delete the SAs, end the BGP sessions, remove everything that was made."""
        self.stream.publish("lab", "gateway_stopping")
        await self._close.aclose()

    def rekeyings(self) -> dict[str, float]:
        """When SAs are due for rekeying, see ``IkeService.rekeyings``."""
        return self._ike.rekeyings()

    def _peer(self, tunnel: Tunnel) -> PeerConfig:
        """A tunnel as the IKE responder wants it, and what to try when its key does not fit."""
        return replace(tunnel.peer_config, candidate_keys=partial(candidate_keys, tunnel, self.tunnels))

    def _carriers(self) -> dict[str, Carrier]:
        """One endpoint with its dataplane per underlay address in use."""
        peers = {(str(t.endpoint), str(t.peer_address)): self._peer(t) for t in self.tunnels}
        settings = self.lab.gateway.ike
        self._ike = IkeService(
            Peers(peers, settings),
            self._on_ike_event,
            limits=limits(settings),
            keepalive_seconds=settings.nat_keepalive_seconds,
        )
        handshakes = Handshakes(self.stream.publish)
        keepalives = NatKeepalives(self._names(), self.stream.publish)
        carriers = {}
        for address in sorted({str(tunnel.endpoint) for tunnel in self.tunnels}):
            endpoint = Endpoint(
                address,
                self._ike.receive,
                lambda _packets, _path: None,
                on_keepalive=keepalives.on_keepalive,
            )
            dataplane = Userspace(
                endpoint,
                self.stream.publish,
                on_tcp_syn=handshakes.on_tcp_syn,
                on_moved=self._ike.peer_moved,
            )
            endpoint.on_esp = dataplane.on_esp
            carriers[address] = Carrier(endpoint=endpoint, dataplane=dataplane)
        return carriers

    def _esp_probes(self, carriers: Mapping[str, Carrier]) -> EspProbes:
        planes = {t.name: carriers[str(t.endpoint)].dataplane for t in self.tunnels}
        asked = Asked(
            send=lambda tunnel, packets: planes[tunnel].send(tunnel, packets),
            heard_at=lambda tunnel: planes[tunnel].heard_at(tunnel),
            ever_heard=lambda tunnel: planes[tunnel].ever_heard(tunnel),
            check_liveness=self._ike.check_liveness,
        )
        return EspProbes(
            self.stream.publish, asked, {t.name: (t.local_bgp, t.peer_bgp) for t in self.tunnels}
        )

    def _names(self) -> dict[tuple[str, str], str]:
        """The tunnels' names by endpoint and device IP address."""
        return {(str(t.endpoint), str(t.peer_address)): t.name for t in self.tunnels}

    async def _start_network(
        self,
        remote_network: RemoteNetwork,
        carriers: Mapping[str, Carrier],
        run_dir: Path,
        building: contextlib.AsyncExitStack,
    ) -> None:
        mine = [tunnel for tunnel in self.tunnels if tunnel.remote_network == remote_network.name]
        own = {address for t in self.tunnels for address in (t.endpoint, t.advertised_endpoint)}
        network = Network(
            remote_network.name,
            profiles=[
                CoveredProfile(name=name, prefixes=prefixes)
                for name, prefixes in covered(self.lab, remote_network, own).items()
            ],
            advertised=advertised(self.lab, remote_network, own),
            names=self.lab.gateway.names,
            stream=self.stream,
            run_dir=run_dir,
            namespace=SharedNamespace if self._options.shared else InnerNamespace,
        )
        self.networks[network.name] = network  # before the first wait: in the order of the lab file
        await network.start(mine, lambda tunnel: carriers[str(tunnel.endpoint)].dataplane)
        building.push_async_callback(network.stop)

    def _on_ike_event(self, event: Event) -> None:
        if self._keylog is not None:
            self._keylog.on_event(event)
        publish_ike(self.stream, event)


def _default_endpoints(lab: LabFile) -> list[IPv4Address]:
    """The address that this machine uses towards the first CPE, when the lab file names no endpoint."""
    if lab.gateway.endpoints or not lab.remote_networks:
        return []
    links = [link for network in lab.remote_networks for link in network.device_links]
    if not links:
        return []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Connecting a UDP socket sends nothing; it only asks the routing table.
            probe.connect((str(links[0].ip_address), 500))
        except OSError:
            return []  # without a route to it; enough when other files pin the endpoints
        return [IPv4Address(probe.getsockname()[0])]
