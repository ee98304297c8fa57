"""The branch router of a lab: real strongSwan and BIRD, configured from the device link in the lab file."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.lab import bird, strongswan
from gateway.lab.backend import CommandError, Daemon, Node
from gateway.lab.scenario_model import CpeSettings, NodePart
from gateway.lab.topology import Topology
from gateway.model import Tunnel

START_TIMEOUT = 10.0
_POLL = 0.02
_UPDOWN = "/run/updown"


@dataclass(frozen=True, kw_only=True)
class CpeTunnel:
    """One tunnel of a CPE: its name in the gateway's records, and the node whose charon carries it."""

    name: str
    node: Node
    settings: strongswan.TunnelSettings
    neighbor: bird.Neighbor


class Cpe:
    """A CPE: ``node`` runs BIRD, and each tunnel one charon, in the same node or in one of its own.

    Args:
        name: Its name in the scenario.
        part: What the scenario says about it.
        settings: What is entered on it.
        link: The tunnels of its device link, as the lab file has them.
        nodes: The nodes of the lab.

    Raises:
        CommandError: Its device link has another number of tunnels than the CPE.

    Attributes:
        program: What makes its tunnels.
        log: Where that writes its log, in the tunnel's node.
    """

    program = "charon"
    log = strongswan.LOG

    def __init__(
        self,
        name: str,
        part: NodePart,
        settings: CpeSettings,
        link: Sequence[Tunnel],
        nodes: Mapping[str, Node],
    ) -> None:
        carriers = [nodes[n] for n in part.tunnels or [name]]
        if len(carriers) != len(link):
            where = f"device link {part.remote_network}/{part.device_link}"
            raise CommandError(
                f"{name}: {where} has {len(link)} tunnels in the lab file, the CPE {len(carriers)}"
            )
        self.name = name
        self.node = nodes[name]
        self.tunnels = [
            CpeTunnel(
                name=far.name,
                node=carrier,
                settings=tunnel_settings(far, settings),
                neighbor=bird.Neighbor(
                    index=far.index,
                    address=far.local_bgp,
                    asn=far.local_asn,
                    via=f'"{strongswan.TUNNEL_DEVICE}"',
                ),
            )
            for carrier, far in zip(carriers, link, strict=True)
        ]
        self.daemons: dict[str, Daemon] = {}
        self._part = part
        self._hold_time = settings.hold_time
        self._bgp_address, self._asn = link[0].peer_bgp, link[0].peer_asn

    async def start(self, topology: Topology) -> str:
        """Start BIRD, then the charons, which open their tunnels at once; raises ``CommandError``.

        Returns:
            What runs now, for people.
        """
        await self._start_bird(topology)
        await asyncio.gather(*(self._start_charon(tunnel) for tunnel in self.tunnels))
        charons = "charon" if len(self.tunnels) == 1 else f"{len(self.tunnels)} charons"
        return f"BIRD and {charons} run"

    async def _start_bird(self, topology: Topology) -> None:
        await self.node.check("ip", "address", "add", f"{self._bgp_address}/32", "dev", "lo")
        speaker = bird.Speaker(
            address=self._bgp_address,
            asn=self._asn,
            announces=tuple(self._part.announces),
            through_tunnel=tuple(self._part.through_tunnel),
            hold_time=self._hold_time,
            neighbors=tuple(self._next_hop(tunnel, topology) for tunnel in self.tunnels),
        )
        await self.node.write("/run/etc/bird/bird.conf", bird.configuration(speaker))
        await self.node.cover("/etc/bird", "/run/etc/bird")
        await self.node.check("mkdir", "-p", "/run/bird")
        self.daemons["bird"] = await self.node.start("bird", "-f", log="/run/bird.out")
        await self._until_there(self.node, bird.SOCKET, "bird", "/run/bird.out")

    def _next_hop(self, tunnel: CpeTunnel, topology: Topology) -> bird.Neighbor:
        """Into the tunnel's device where charon runs here, otherwise to the node where it does."""
        if tunnel.node is self.node:
            return tunnel.neighbor
        carrier = tunnel.node.plan.name
        (end,) = (end for end in topology.ends(carrier) if end.neighbour == self.name)
        return replace(tunnel.neighbor, via=str(end.addresses[0].ip))

    async def _start_charon(self, tunnel: CpeTunnel) -> None:
        node, neighbor = tunnel.node, tunnel.neighbor
        folders = (f"/run/etc/swanctl/{folder}" for folder in strongswan.CREDENTIAL_FOLDERS)
        await node.check("mkdir", "-p", *folders)
        script = strongswan.updown_script((neighbor.route_protocol, neighbor.protocol))
        await node.write(_UPDOWN, script, mode=0o755)
        configuration = strongswan.connection_configuration(tunnel.settings, _UPDOWN)
        await node.write("/run/etc/swanctl/swanctl.conf", configuration, mode=0o600)
        await node.write("/run/etc/strongswan.conf", strongswan.daemon_configuration())
        await node.cover("/etc/strongswan.conf", "/run/etc/strongswan.conf")
        await node.cover("/etc/swanctl", "/run/etc/swanctl")
        name = f"charon of {node.plan.name}"
        self.daemons[name] = await node.start("charon-systemd", log="/run/charon.out")
        await self._until_there(node, strongswan.VICI, name, "/run/charon.out")
        device = strongswan.TUNNEL_DEVICE
        await node.check("ip", "link", "set", device, "mtu", str(strongswan.MTU))
        if node is not self.node:
            await node.check("ip", "route", "add", "default", "dev", device)
        await node.check("swanctl", "--load-all")

    async def _until_there(self, node: Node, socket: str, program: str, log: str) -> None:
        """Wait for a program's socket; raises ``CommandError`` when the program ends or takes too long."""
        deadline = time.monotonic() + START_TIMEOUT
        while not await node.listens(socket):
            status = self.daemons[program].status
            if status is not None or time.monotonic() > deadline:
                ended = "is not ready" if status is None else f"ended with status {status}"
                raise CommandError(f"{self.name}: {program} {ended}:\n{tail(await node.read(log))}")
            await asyncio.sleep(_POLL)

    async def sas(self, tunnel: CpeTunnel) -> list[strongswan.IkeSa]:
        """The tunnel's IKE SAs, as swanctl lists them."""
        done = await tunnel.node.run("swanctl", "--list-sas", "--raw")
        return strongswan.parse_sas(done.output)

    async def session(self, tunnel: CpeTunnel) -> bird.Session:
        """The tunnel's BGP session, as birdc shows it."""
        done = await self.node.run("birdc", "show", "protocols", "all", tunnel.neighbor.protocol)
        return bird.parse_session(done.output)

    async def take_down(self, tunnel: CpeTunnel) -> None:
        """Close the tunnel; its routes and its session go at the same time."""
        await tunnel.node.check("swanctl", "--terminate", "--ike", strongswan.CONNECTION, "--timeout", "5")

    async def bring_up(self, tunnel: CpeTunnel) -> None:
        """Open the tunnel again."""
        await tunnel.node.check("swanctl", "--initiate", "--child", strongswan.CONNECTION, "--timeout", "10")

    async def log_of(self, tunnel: CpeTunnel) -> str:
        """The end of the log of what makes its tunnels."""
        return tail(await tunnel.node.read(self.log))

    def ended(self) -> str | None:
        """A daemon that is no longer there, if any."""
        gone = (
            f"{self.name}: {n} ended with status {d.status}"
            for n, d in self.daemons.items()
            if d.status is not None
        )
        return next(gone, None)


def tunnel_settings(far: Tunnel, settings: CpeSettings) -> strongswan.TunnelSettings:
    """One tunnel as an administrator enters it, from the lab file and the scenario's settings."""
    return strongswan.TunnelSettings(
        endpoint=far.advertised_endpoint,
        identity=str(far.peer_address),
        psk=settings.psk or far.psk.decode(),
        ike=settings.ike,
        esp=settings.esp,
        local_selector=settings.local_selector,
        remote_selector=settings.remote_selector,
    )


def tail(log: bytes, lines: int = 15) -> str:
    """The last lines of a log."""
    return "\n".join(log.decode(errors="replace").splitlines()[-lines:])
