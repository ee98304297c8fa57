"""A CPE of a lab that is a probe: it sends what strongSwan cannot, and does nothing else; see ``probe``."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address

from gateway.lab import bird, strongswan
from gateway.lab.backend import Node
from gateway.lab.cpe import Cpe, CpeTunnel
from gateway.lab.probe.settings import FILE, LOG, Settings
from gateway.lab.scenario_model import CpeSettings, NodePart, ProbePart
from gateway.lab.topology import Topology
from gateway.model import Tunnel

COMMAND = ("python3", "-m", "gateway.lab.probe")
"""The program, in a node of any backend."""


class ProbeCpe(Cpe):
    """One probe for each tunnel, no BIRD, no routes. Arguments and errors as of ``Cpe``."""

    program = "probe"
    log = LOG

    def __init__(
        self,
        name: str,
        part: NodePart,
        settings: CpeSettings,
        link: Sequence[Tunnel],
        nodes: Mapping[str, Node],
    ) -> None:
        super().__init__(name, part, settings, link, nodes)
        self._offers = settings.probe or ProbePart()
        self._bgp_addresses = {far.name: (far.peer_bgp, far.local_bgp) for far in link}

    async def start(self, topology: Topology) -> str:  # noqa: ARG002 - it has no routes
        """Start the probes, which begin at once."""
        await asyncio.gather(*map(self._start_probe, self.tunnels))
        return "the probe runs, without BGP" if len(self.tunnels) == 1 else f"{len(self.tunnels)} probes run"

    async def _start_probe(self, tunnel: CpeTunnel) -> None:
        entered = tunnel.settings
        told = Settings(
            endpoint=entered.endpoint,
            identity=IPv4Address(entered.identity),
            psk=entered.psk,
            bgp_addresses=self._bgp_addresses[tunnel.name],
            ike=self._offers.ike,
            esp=self._offers.esp,
        )
        await tunnel.node.write(FILE, json.dumps(told.as_json()), mode=0o600)
        name = f"probe of {tunnel.node.plan.name}"
        self.daemons[name] = await tunnel.node.start(*COMMAND, log=self.log)

    async def sas(self, tunnel: CpeTunnel) -> list[strongswan.IkeSa]:  # noqa: ARG002 - of none
        """None: what there is to tell of a probe's SAs the gateway tells."""
        return []

    async def session(self, tunnel: CpeTunnel) -> bird.Session:  # noqa: ARG002 - of none
        """None."""
        return bird.parse_session("")
