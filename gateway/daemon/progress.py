"""How far each tunnel has come, reduced from the stream of records: live, or from a recorded stream."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from gateway.records import Record


@dataclass
class TunnelProgress:
    """The present state of one tunnel; times are seconds since the Unix epoch.

    Args:
        ike_sas: Facts of the live IKE SAs by SPI (spi, suite, identity, remote, since, heard), oldest first.
            More than one while the CPE authenticates itself anew, or when several share one public address.
        children: Facts of the live CHILD SAs by ``spi_in``: both SPIs, that of its IKE SA, suite,
            udp_encapsulation, since.
        bgp: Facts of the established session (peer_as, hold_time, since, advertised), or None.
        nat: The outcome of the last NAT detection, as in ``ike.nat.NatStatus``, or None.
        syn_seen: When the CPE's last TCP SYN to port 179 was seen inside the tunnel, or None.
    """

    ike_sas: dict[str, dict[str, Any]] = field(default_factory=dict)
    children: dict[str, dict[str, Any]] = field(default_factory=dict)
    bgp: dict[str, Any] | None = None
    nat: dict[str, bool] | None = None
    syn_seen: float | None = None

    @property
    def ike(self) -> dict[str, Any] | None:
        """Facts of the newest IKE SA, or None."""
        return next(reversed(self.ike_sas.values()), None)

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
            "ike_sas": list(self.ike_sas.values()),
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
        self._tunnels: defaultdict[str, TunnelProgress] = defaultdict(TunnelProgress)
        self.refused: dict[str, int] = {}

    def tunnel(self, name: str) -> TunnelProgress:
        """The progress of one tunnel."""
        return self._tunnels[name]

    def on_record(self, record: Record) -> None:
        """Take one record into account."""
        if record.name == "datagram_dropped":
            self._count(record.data["reason"])
        elif record.name == "events_suppressed" and record.data["kind"] == "datagram_dropped":
            self._count(record.data["reason"], record.data["count"])
        elif record.name == "request_refused":
            self._count(record.data["notify"].lower())
        elif record.name == "nat_detection" and record.tunnel is not None:
            self.tunnel(record.tunnel).nat = record.data["status"]
        elif record.tunnel is not None:
            _reduce(self.tunnel(record.tunnel), record)

    def _count(self, reason: str, times: int = 1) -> None:
        self.refused[reason] = self.refused.get(reason, 0) + times


def _reduce(tunnel: TunnelProgress, record: Record) -> None:
    if record.category == "bgp":
        _reduce_bgp(tunnel, record)
    elif record.ike_spi is not None:
        _reduce_ike(tunnel, record, record.ike_spi)


def _reduce_ike(tunnel: TunnelProgress, record: Record, spi: str) -> None:
    data, ike_sas = record.data, tunnel.ike_sas
    match record.name:
        case "ike_sa_established":
            facts = _pick(data, "suite", "identity", "remote")
            ike_sas[spi] = {"spi": spi, **facts, "since": record.time, "heard": record.time}
        case "ike_sa_rekeyed" if old := ike_sas.pop(data["replaces"], None):
            ike_sas[spi] = {**old, "spi": spi, "suite": data["suite"], "since": record.time}
            for child in tunnel.children.values():
                if child["ike_spi"] == data["replaces"]:
                    child["ike_spi"] = spi
        case "message_received" if ike := ike_sas.get(spi):
            ike["heard"] = record.time
        case "path_changed" if ike := ike_sas.get(spi):
            _local_ip, _local_port, ip, port = data["new"]
            ike["remote"] = f"{ip}:{port}"
        case "ike_sa_closed":
            ike_sas.pop(spi, None)
        case "child_sa_established":
            facts = _pick(data, "spi_in", "spi_out", "suite", "udp_encapsulation")
            tunnel.children[data["spi_in"]] = {**facts, "ike_spi": spi, "since": record.time}
        case "child_sa_closed":
            tunnel.children.pop(data["spi_in"], None)


def _reduce_bgp(tunnel: TunnelProgress, record: Record) -> None:
    data = record.data
    match record.name:
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
