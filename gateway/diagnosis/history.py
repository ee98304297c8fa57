"""What happened to one tunnel, as the rules read it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gateway.diagnosis.autopsy import AUTOPSY, Autopsies
from gateway.diagnosis.facts import READY, Record, TunnelFacts

OWN_AS = "own_as"
"""Why a route that comes back to the gateway is not taken; it says nothing about the CPE's configuration."""


@dataclass
class _Live:
    """What exists at the end of the records."""

    ike: set[str] = field(default_factory=set)
    children: dict[str, Record] = field(default_factory=dict)
    up_since: Record | None = None
    bgp: Record | None = None
    learned: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    returned: set[str] = field(default_factory=set)


class History:
    """The records of one tunnel.

    Args:
        tunnel: What is configured.
        tunnels: All tunnels of the gateway.
        records: The stream, in order: records of this tunnel and those of none are kept.
        now: Until when the stream tells the whole story, in seconds since the Unix epoch.

    Attributes:
        records: Those of the tunnel, in order.
        strays: ``datagram_dropped`` of no tunnel that arrived at this tunnel's endpoint.
        stream: All records, in order.
        drops: ``traffic_dropped`` of the tunnel's remote network.
        astray: Those of no tunnel that came from this tunnel's CPE to another endpoint of the gateway.
        hashes: ``nat_hashes_offered`` of no tunnel that arrived at this tunnel's endpoint.
        started: The ``gateway_ready`` record; None when it is no longer in the stream.
        autopsies: What is known of the senders of NAT detection hashes.
        heard: Names of the tunnels that something happened to in IKE, if only a dropped datagram.
    """

    def __init__(
        self, tunnel: TunnelFacts, tunnels: Sequence[TunnelFacts], records: Sequence[Record], now: float
    ) -> None:
        self.tunnel = tunnel
        self.tunnels = tuple(tunnels)
        self.now = now
        self.stream = records
        self.records: list[Record] = []
        self.strays: list[Record] = []
        self.drops: list[Record] = []
        self.astray: list[Record] = []
        self.hashes: list[Record] = []
        self.started: Record | None = None
        self.heard: set[str] = set()
        self.autopsies = Autopsies(self.tunnels, (r for r in records if r["name"] == AUTOPSY))
        self._live = _Live()
        for record in records:
            if record.get("tunnel") == tunnel.name:
                self.records.append(record)
                _reduce(self._live, record)
            elif record["name"] == "traffic_dropped":
                if record["remote_network"] == tunnel.remote_network:
                    self.drops.append(record)
            elif "tunnel" not in record:
                self._keep(record)
            if record["category"] == "ike":
                self.heard.add(record.get("tunnel", ""))

    def _keep(self, record: Record) -> None:
        """Keep a record of no tunnel, when it may be about this one."""
        if record["name"] == READY:
            self.started = record
        elif record["name"] in ("datagram_dropped", "nat_hashes_offered"):
            at_home = host(record["data"]["local"]) == self.tunnel.endpoint
            dropped = record["name"] == "datagram_dropped"
            if at_home:
                (self.strays if dropped else self.hashes).append(record)
            elif dropped and host(record["data"]["remote"]) == self.tunnel.peer:
                self.astray.append(record)

    @property
    def ike_live(self) -> bool:
        """Whether an authenticated IKE SA exists."""
        return bool(self._live.ike)

    @property
    def up_since(self) -> Record | None:
        """The ``child_sa_established`` since which there always was a CHILD SA; None when there is none.

        Also None when the record is no longer in the stream, so that nothing is concluded from a part.
        """
        return self._live.up_since if self._live.children else None

    @property
    def bgp(self) -> Record | None:
        """The ``established`` of the BGP session that is up, or None."""
        return self._live.bgp

    @property
    def learned(self) -> set[str]:
        """The prefixes that the CPE announces now, without those that it learned from the gateway itself."""
        return self._live.learned - self._live.returned

    @property
    def accepted(self) -> set[str]:
        """Those of them that the gateway has taken."""
        return self.learned - self._live.refused

    def all(self, *names: str, after: int = 0) -> list[Record]:
        """The tunnel's records of these names with an id greater than ``after``."""
        return [record for record in self.records if record["name"] in names and record["id"] > after]

    def last(self, *names: str, after: int = 0) -> Record | None:
        """The latest of them."""
        found = self.all(*names, after=after)
        return found[-1] if found else None

    def age(self, record: Record) -> float:
        """Seconds from a record until now."""
        return self.now - float(record["time"])


def host(endpoint: str) -> str:
    """The address of ``address:port``."""
    return endpoint.rpartition(":")[0]


def _reduce(live: _Live, record: Record) -> None:
    if record["category"] == "bgp":
        _reduce_bgp(live, record)
        return
    data = record["data"]
    match record["name"]:
        case "ike_sa_established":
            live.ike.add(record["ike_spi"])
        case "ike_sa_rekeyed":
            live.ike.add(record["ike_spi"])
            live.ike.discard(data["replaces"])
        case "ike_sa_closed":
            live.ike.discard(record["ike_spi"])
        case "child_sa_established":
            if not live.children:
                live.up_since = None if data["replaces"] is not None else record
            live.children[data["spi_in"]] = record
        case "child_sa_closed":
            live.children.pop(data["spi_in"], None)


def _reduce_bgp(live: _Live, record: Record) -> None:
    data = record["data"]
    match record["name"]:
        case "established":
            live.bgp = record
        case "closed":
            live.bgp = None
        case "routes_learned":
            _withdraw(live, data["prefixes"])
            live.learned |= set(data["prefixes"])
        case "routes_refused":
            (live.returned if data["reason"] == OWN_AS else live.refused).update(data["prefixes"])
        case "routes_withdrawn":
            _withdraw(live, data["prefixes"])


def _withdraw(live: _Live, prefixes: Iterable[str]) -> None:
    for each in (live.learned, live.refused, live.returned):
        each.difference_update(prefixes)
