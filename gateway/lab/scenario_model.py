"""The parts of a scenario file."""

from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    model_validator,
)

from gateway.lab.natbox.settings import Impairments, NatSettings, read_impairments, read_nat
from gateway.lab.natbox.values import SettingsError
from gateway.lab.probe.proposals import transforms_of
from gateway.lab.topology import End, Link, NodePlan, Role, SourceNat, Topology

DEFAULT_ROUTE = IPv4Network("0.0.0.0/0")

NodeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,11}$")]
"""Short, because an interface is named after the node behind it."""


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _readable(offer: dict[str, str | list[str]]) -> dict[str, str | list[str]]:
    transforms_of(offer)
    return offer


def _settings(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise SettingsError("expected a mapping of settings")
    return value


Nat = Annotated[NatSettings, PlainValidator(lambda value: read_nat(_settings(value)))]
Impair = Annotated[Impairments, PlainValidator(lambda value: read_impairments(_settings(value)))]
Addresses = Annotated[list[IPv4Interface], BeforeValidator(_as_list)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class NatPart(_Part):
    """Source NAT towards one neighbour; see ``topology.SourceNat``."""

    toward: NodeName
    source: IPv4Network
    to: IPv4Address


class NodePart(_Part):
    """One node.

    Args:
        role: host, router, cpe, tunnel or gateway.
        default_via: Next hop of the default route.
        routes: Further routes, prefix to next hop.
        source_nat: Address translation by the kernel, which keeps the ports.
        nat: For a router: address translation by a NAT box; see ``natbox.settings.NatSettings``.
        impair: For a router: what its line does to packets; see ``natbox.settings.Impairments``.
        nameserver: Resolver of a host.
        part_of: For a tunnel node: the CPE it belongs to.
        remote_network: For a CPE: name of its remote network in the lab file.
        device_link: For a CPE: name of its device link.
        announces: For a CPE: prefixes announced by BGP.
        through_tunnel: For a CPE: destinations routed into the first tunnel, announced or not.
        tunnels: For a CPE: the node that carries each tunnel; by default the CPE itself.
        settings: For a CPE: what differs from the scenario's ``cpe``.
    """

    role: Role
    default_via: IPv4Address | None = None
    routes: dict[IPv4Network, IPv4Address] = Field(default_factory=dict)
    source_nat: NatPart | None = None
    nat: Nat | None = None
    impair: Impair | None = None
    nameserver: IPv4Address | None = None
    part_of: NodeName | None = None
    remote_network: str | None = None
    device_link: str | None = None
    announces: list[IPv4Network] = Field(default_factory=list)
    through_tunnel: list[IPv4Network] = Field(default_factory=list)
    tunnels: list[NodeName] = Field(default_factory=list)
    settings: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits_role(self) -> Self:
        if self.role == "cpe" and not (self.remote_network and self.device_link and self.announces):
            raise ValueError("a cpe needs remote_network, device_link and announces")
        if self.role == "tunnel" and self.part_of is None:
            raise ValueError("a tunnel node needs part_of, the cpe that it belongs to")
        if (self.nat or self.impair) and self.role != "router":
            raise ValueError(f"nat and impair are for a router, this node is a {self.role}")
        if self.nat and self.impair and self.nat.toward != self.impair.toward:
            raise ValueError("nat and impair of one router have the same toward; use two routers in a row")
        return self


Offer = Annotated[dict[str, str | list[str]], AfterValidator(_readable)]
"""A proposal; see ``probe.proposals``."""


class ProbePart(_Part):
    """What the probe offers: proposals in order, each a mapping of transform types to their transforms.

    Args:
        ike: For the IKE SA; the first group is that of the KE payload.
        esp: For the CHILD SA.
    """

    ike: Annotated[list[Offer], Field(min_length=1)] = [
        {"ENCR": "AES_GCM_16-256", "PRF": "HMAC_SHA2_384", "DH": "MODP_2048"}
    ]
    esp: Annotated[list[Offer], Field(min_length=1)] = [{"ENCR": "AES_GCM_16-256", "ESN": "NO_ESN"}]


class CpeSettings(_Part):
    """What an administrator enters on the CPE; the rest comes from the gateway's View configuration.

    Args:
        ike: Phase 1 proposals in strongSwan's notation.
        esp: Phase 2 proposals.
        psk: Pre-shared key; by default the device link's.
        local_selector: Traffic selector of the branch side.
        remote_selector: Traffic selector of the far side.
        hold_time: BGP hold time offered, in seconds.
        probe: Instead of strongSwan and BIRD: a probe that offers what is written here. Of the rest only
            ``psk`` counts.
    """

    ike: str = "aes256gcm16-prfsha384-modp2048"
    esp: str = "aes256gcm16"
    psk: str | None = None
    local_selector: IPv4Network = DEFAULT_ROUTE
    remote_selector: IPv4Network = DEFAULT_ROUTE
    hold_time: Annotated[int, Field(ge=3, le=65535)] = 30
    probe: ProbePart | None = None


class TrafficCheck(_Part):
    """One question asked from a node, and the outcome that makes the scenario succeed.

    Exactly one of ``ping``, ``resolve`` and ``fetch`` is given.

    Args:
        from_node: Where it is asked (``from`` in the file).
        ping: Address to ping.
        resolve: Name to look up with the node's nameserver.
        fetch: URL to get.
        expect: ``answer``, or ``dropped``: no answer at all, not even an ICMP error.
        without: Tunnel node that is taken down while it is asked.
        spread: Ask over several connections, which have to use every tunnel.
    """

    from_node: NodeName = Field(alias="from")
    ping: IPv4Address | None = None
    resolve: str | None = None
    fetch: str | None = None
    expect: Literal["answer", "dropped"] = "answer"
    without: NodeName | None = None
    spread: bool = False

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if sum(q is not None for q in (self.ping, self.resolve, self.fetch)) != 1:
            raise ValueError("a check asks one of ping, resolve and fetch")
        return self

    @property
    def kind(self) -> Literal["ping", "resolve", "fetch"]:
        """Which question it is."""
        return "ping" if self.ping is not None else "resolve" if self.resolve is not None else "fetch"

    @property
    def target(self) -> str:
        """What is asked for."""
        return str(self.ping or self.resolve or self.fetch)


class EditPart(_Part):
    """A change in a file that the lab writes for a CPE.

    Args:
        node: The CPE, or the node of its tunnel.
        file: Which one.
        replace: Text that must be there.
        by: What it becomes.
    """

    node: NodeName
    file: Literal["swanctl.conf", "strongswan.conf", "bird.conf", "updown"]
    replace: Annotated[str, StringConstraints(min_length=1)]
    by: str


class CommandPart(_Part):
    """A program run in a node.

    Args:
        node: Where.
        run: The program and its arguments.
        stdin: What it reads.
        when: ``start``: before the CPE's programs start; ``up``: when every tunnel has all its routes.
        after: Seconds to wait before.
        stays: It is left running.
    """

    node: NodeName
    run: Annotated[list[str], Field(min_length=1)]
    stdin: str | None = None
    when: Literal["start", "up"] = "start"
    after: Annotated[float, Field(ge=0, le=60)] = 0.0
    stays: bool = False


class Mistake(_Part):
    """What is wrong in a failure scenario.

    Args:
        what: In one sentence.
        set: Values of the scenario that are changed, by their dotted path, as with ``--set``.
        edits: Changes in the CPE's files.
        commands: Programs that are run.
    """

    what: str
    set: dict[str, Any] = Field(default_factory=dict)
    edits: list[EditPart] = Field(default_factory=list)
    commands: list[CommandPart] = Field(default_factory=list)


class Remedy(_Part):
    """What puts a failure scenario right.

    Args:
        what: In one sentence.
        set: Values that are changed, by their dotted path.
        keep: The mistake stays where it is, and the other side is adapted to it; otherwise it is undone.
    """

    what: str
    set: dict[str, Any] = Field(default_factory=dict)
    keep: bool = False


FindingCode = Annotated[str, StringConstraints(pattern=r"^GSA-[A-Z]+-[0-9]{3}$")]


class Scenario(_Part):
    """A whole scenario.

    Args:
        name: Name of its file.
        title: One line.
        about: A paragraph that says what there is to learn.
        extends: The scenario that this one changes, or None.
        wrong: What is wrong, in a failure scenario.
        expect: Codes of the findings that have to be there in the end, and no others.
        fix: What puts it right.
        fixed: Whether this is the scenario after its fix.
        nodes: The machines.
        links: Cables; each maps its two nodes to the address or addresses of their ends.
        cpe: Settings of every CPE.
        lab: The gateway's lab file.
        traffic: What has to work, and what has to be dropped.
        timeout: Seconds until the lab gives up.
    """

    name: str
    title: str
    about: str
    extends: str | None = None
    wrong: Mistake | None = None
    expect: list[FindingCode] = Field(default_factory=list)
    fix: Remedy | None = None
    fixed: bool = False
    nodes: dict[NodeName, NodePart]
    links: list[dict[NodeName, Addresses]]
    cpe: CpeSettings = CpeSettings()
    lab: dict[str, Any]
    traffic: list[TrafficCheck]
    timeout: float = 40.0

    @model_validator(mode="after")
    def _failure_is_whole(self) -> Self:
        if not (self.wrong is None) == (self.fix is None) == (not self.expect):
            raise ValueError("a failure scenario has wrong, expect and fix, any other has none of them")
        return self

    @property
    def is_failure(self) -> bool:
        """Whether it has to end with findings."""
        return self.wrong is not None and not self.fixed

    @property
    def mistake(self) -> Mistake | None:
        """The mistake that is in the lab; None when it was undone, or there never was one."""
        undone = self.fixed and self.fix is not None and not self.fix.keep
        return None if undone else self.wrong

    @model_validator(mode="after")
    def _two_ends(self) -> Self:
        for index, link in enumerate(self.links):
            if len(link) != 2:  # noqa: PLR2004 - a cable has two ends
                raise ValueError(f"links.{index}: a link joins two nodes, this one names {len(link)}")
        return self

    def topology(self) -> Topology:
        """The backend-neutral description of the lab."""
        links = []
        for link in self.links:
            (one, ours), (other, theirs) = link.items()
            ends = (
                End(node=one, neighbour=other, addresses=tuple(ours)),
                End(node=other, neighbour=one, addresses=tuple(theirs)),
            )
            links.append(Link(ends))
        probes = {name for name in self.cpes() if self.settings(name).probe is not None}
        nodes = {n: _plan(n, part, probe=n in probes) for n, part in self.nodes.items()}
        return Topology(nodes=nodes, links=tuple(links))

    def cpes(self) -> dict[str, NodePart]:
        """The nodes with the role cpe."""
        return {name: node for name, node in self.nodes.items() if node.role == "cpe"}

    def settings(self, cpe: str) -> CpeSettings:
        """What is entered on one CPE."""
        return CpeSettings.model_validate(self.cpe.model_dump() | self.nodes[cpe].settings)


def _plan(name: str, part: NodePart, *, probe: bool) -> NodePlan:
    routes = dict(part.routes)
    if part.default_via is not None:
        routes[DEFAULT_ROUTE] = part.default_via
    nat = part.source_nat
    return NodePlan(
        name=name,
        role=part.role,
        routes=routes,
        source_nat=None if nat is None else SourceNat(toward=nat.toward, source=nat.source, to=nat.to),
        nat=part.nat,
        impair=part.impair,
        nameserver=part.nameserver,
        part_of=part.part_of,
        probe=probe,
    )
