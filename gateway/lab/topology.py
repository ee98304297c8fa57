"""What a lab is made of, without saying by which means it is built: nodes, links, routes and NAT."""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Literal

from gateway.lab.natbox.settings import Impairments, NatSettings

Role = Literal["host", "router", "cpe", "tunnel", "gateway"]
"""``tunnel`` is a part of a CPE that carries one IPsec tunnel in a network stack of its own."""

LONGEST_INTERFACE_NAME = 15


@dataclass(frozen=True, kw_only=True)
class SourceNat:
    """The kernel's source NAT on what leaves towards one neighbour: the port stays where it can.

    Args:
        toward: Node behind the interface that the packets leave by.
        source: Addresses that are rewritten.
        to: What they become.
    """

    toward: str
    source: IPv4Network
    to: IPv4Address


@dataclass(frozen=True, kw_only=True)
class NodePlan:
    """One machine.

    Args:
        name: Unique in the lab; also what people type.
        role: What it is there for.
        routes: Prefix to the neighbour's address that it goes by.
        source_nat: Address translation by the kernel, when it does any.
        nat: Address translation by a NAT box.
        impair: The line of a NAT box, when it is bad.
        nameserver: The resolver in its resolv.conf.
        part_of: The CPE whose BIRD it reports to; None for a machine of its own.
        probe: Whether it is a CPE that runs a probe, not strongSwan and BIRD.
    """

    name: str
    role: Role
    routes: dict[IPv4Network, IPv4Address] = field(default_factory=dict, hash=False)
    source_nat: SourceNat | None = None
    nat: NatSettings | None = None
    impair: Impairments | None = None
    nameserver: IPv4Address | None = None
    part_of: str | None = None
    probe: bool = False

    @property
    def forwards(self) -> bool:
        """Whether it passes on packets that are not its own."""
        return self.role in {"router", "cpe", "tunnel"}

    @property
    def box_toward(self) -> str | None:
        """The neighbour outside of its NAT box; None for a node that has no box."""
        part = self.nat or self.impair
        return None if part is None else part.toward


@dataclass(frozen=True, kw_only=True)
class End:
    """One end of a link: the node, and the addresses of its interface, which is named after the neighbour."""

    node: str
    neighbour: str
    addresses: tuple[IPv4Interface, ...]

    @property
    def interface(self) -> str:
        """Name of the interface: ``to-cpe``."""
        return f"to-{self.neighbour}"[:LONGEST_INTERFACE_NAME]


@dataclass(frozen=True)
class Link:
    """A cable between two nodes."""

    ends: tuple[End, End]


@dataclass(frozen=True, kw_only=True)
class Topology:
    """The whole lab."""

    nodes: dict[str, NodePlan] = field(hash=False)
    links: tuple[Link, ...]

    def ends(self, node: str) -> list[End]:
        """The interfaces of a node, in the order of the links."""
        return [end for link in self.links for end in link.ends if end.node == node]

    def with_role(self, role: Role) -> list[str]:
        """Names of the nodes with a role, in their order."""
        return [name for name, node in self.nodes.items() if node.role == role]

    @property
    def boxes(self) -> list[str]:
        """Names of the routers with a NAT box."""
        return [name for name, node in self.nodes.items() if node.box_toward]

    @property
    def gateway(self) -> str:
        """Name of the one gateway node."""
        return self.with_role("gateway")[0]
