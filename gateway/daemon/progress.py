"""How far each tunnel has come, reduced from the stream of records: live, or from a recorded stream."""

from dataclasses import dataclass, field
from typing import Any

from gateway.records import Record


@dataclass
class TunnelProgress:
    """The present state of one tunnel; times are seconds since the Unix epoch.

    Args:
        ike: Facts of the live IKE SA (spi, suite, identity, remote, since), or None.
        children: Facts of the live CHILD SAs by ``spi_in``: both SPIs, suite, udp_encapsulation, since.
        bgp: Facts of the established session (peer_as, hold_time, since, advertised), or None.
        nat: The outcome of the last NAT detection, as in ``ike.nat.NatStatus``, or None.
        syn_seen: When the CPE's last TCP SYN to port 179 was seen inside the tunnel, or None.
    """

    ike: dict[str, Any] | None = None
    children: dict[str, dict[str, Any]] = field(default_factory=dict)
    bgp: dict[str, Any] | None = None
    nat: dict[str, bool] | None = None
    syn_seen: float | None = None

    @property
    def state(self) -> str:
        """``down``, ``ike`` (authenticated, no CHILD SA), ``tunnel`` (ESP flows) or ``up`` (BGP as well)."""
        if self.children:
            return "up" if self.bgp else "tunnel"
        return "ike" if self.ike else "down"

    def as_json(self) -> dict[str, Any]:
        """For ``gsalab status``."""
        return {
            "state": self.state,
            "ike": self.ike,
            "children": list(self.children.values()),
            "bgp": self.bgp,
            "nat": self.nat,
            "syn_seen": self.syn_seen,
        }


class Progress:
    """Follows records; subscribe ``on_record`` to a stream.

    Attributes:
        refused: How often each reason dropped or refused an IKE message.
    """

    def __init__(self) -> None:
        self._tunnels: dict[str, TunnelProgress] = {}
        self.refused: dict[str, int] = {}

    def tunnel(self, name: str) -> TunnelProgress:
        """The progress of one tunnel."""
        return self._tunnels.setdefault(name, TunnelProgress())

    def on_record(self, record: Record) -> None:
        """Take one record into account."""
        if record.name == "datagram_dropped":
            self._count(record.data["reason"])
        elif record.name == "request_refused":
            self._count(record.data["notify"].lower())
        elif record.name == "nat_detection" and record.tunnel is not None:
            self.tunnel(record.tunnel).nat = record.data["status"]
        elif record.tunnel is not None:
            _reduce(self.tunnel(record.tunnel), record)

    def _count(self, reason: str) -> None:
        self.refused[reason] = self.refused.get(reason, 0) + 1


def _reduce(tunnel: TunnelProgress, record: Record) -> None:
    data = record.data
    match record.name:
        case "ike_sa_established":
            tunnel.ike = {
                "spi": record.ike_spi,
                **_pick(data, "suite", "identity", "remote"),
                "since": record.time,
            }
        case "ike_sa_rekeyed" if tunnel.ike:
            tunnel.ike = {**tunnel.ike, "spi": record.ike_spi, "suite": data["suite"]}
        case "ike_sa_closed" if tunnel.ike and tunnel.ike["spi"] == record.ike_spi:
            tunnel.ike = None
        case "child_sa_established":
            facts = _pick(data, "spi_in", "spi_out", "suite", "udp_encapsulation")
            tunnel.children[data["spi_in"]] = {**facts, "since": record.time}
        case "child_sa_closed":
            tunnel.children.pop(data["spi_in"], None)
        case "tcp_syn_seen":
            tunnel.syn_seen = record.time
        case "established":
            facts = _pick(data, "peer_as", "hold_time", "router_id")
            tunnel.bgp = {**facts, "since": record.time, "advertised": 0}
        case "routes_advertised" if tunnel.bgp:
            tunnel.bgp["advertised"] = data["count"]
        case "closed":
            tunnel.bgp = None


def _pick(data: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: data[name] for name in names}
