"""What both ends of a tunnel say about it, asked with their own tools."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from gateway.lab.backend import Node
from gateway.lab.box_view import box_lines
from gateway.lab.cpe import Cpe, CpeTunnel
from gateway.lab.gateway_node import GatewayNode
from gateway.lab.nat_node import NatNode
from gateway.lab.result import Excerpt, TunnelResult

_NONE = {"state": "none"}


async def tunnel_result(cpe: Cpe, tunnel: CpeTunnel, gateway: GatewayNode) -> TunnelResult:
    """A tunnel: SAs from swanctl, session from birdc, counters and prefixes also from the gateway."""
    sas, session = await cpe.sas(tunnel), await cpe.session(tunnel)
    far = (await gateway.status())[tunnel.name]
    ike: dict[str, Any] = dict(_NONE)
    child: dict[str, Any] = dict(_NONE)
    if sas:
        ike = asdict(sas[-1])
        children = ike.pop("children")
        child = children[-1] if children else child
    ours = [sa for sa in far["counters"]["sas"] if sa["spi_out"] == child.get("spi_in")]
    return TunnelResult(
        name=tunnel.name,
        ike=ike,
        child=child | ({"gateway": ours[0]} if ours else {}),
        bgp=asdict(session),
        routes_learned_by_cpe=session.imported,
        routes_learned_from_cpe=far["learned"],
    )


async def packets_out(cpes: Sequence[Cpe]) -> dict[str, int]:
    """Packets that each tunnel's CHILD SAs have sent, by the name of the tunnel."""
    return {
        tunnel.name: sum(child.packets_out for sa in await cpe.sas(tunnel) for child in sa.children)
        for cpe in cpes
        for tunnel in cpe.tunnels
    }


async def excerpts(cpes: Sequence[Cpe]) -> list[Excerpt]:
    """What the tools of the CPEs print."""
    found = []
    for cpe in cpes:
        for node, argv in _questions(cpe):
            done = await node.run(*argv)
            found.append(Excerpt(node=node.plan.name, command=" ".join(argv), output=done.output.strip()))
    return found


async def box_excerpts(boxes: Iterable[NatNode]) -> list[Excerpt]:
    """What the NAT boxes say about themselves."""
    found = []
    for box in boxes:
        name, lines = box.node.plan.name, box_lines(await box.ask("show"))
        found.append(Excerpt(node=name, command=f"gsalab lab nat show {name}", output="\n".join(lines)))
    return found


def _questions(cpe: Cpe) -> list[tuple[Node, tuple[str, ...]]]:
    count = ("birdc", "show", "route", "count", "protocol")
    return [
        *((tunnel.node, ("swanctl", "--list-sas")) for tunnel in cpe.tunnels),
        (cpe.node, ("birdc", "show", "protocols")),
        *((cpe.node, (*count, tunnel.neighbor.protocol)) for tunnel in cpe.tunnels),
    ]
