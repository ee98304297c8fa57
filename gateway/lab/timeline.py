"""The gateway's records as lines of a timeline, in the order of the protocol: IKE, ESP, BGP, routes."""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.lab.result import Step

Data = Mapping[str, Any]
_SHOWN_PREFIXES = 3
_CEASE = 6
"""NOTIFICATION code of a session that is ended on purpose (RFC 4486)."""


def step_of(record: Mapping[str, Any], start: float) -> Step | None:
    """The line for a record of the gateway, or None for one that is no step of its own.

    Args:
        record: A record as JSON.
        start: When the CPE was started, in seconds since the epoch.
    """
    write = _LINES.get(record["name"])
    if write is None:
        return None
    line = write(record.get("data", {}))
    if line is None:
        return None
    who, what, detail, good = line
    ms = round((record["time"] - start) * 1000)
    return Step(ms=ms, who=who, what=what, detail=detail, tunnel=record.get("tunnel"), good=good)


Line = tuple[str, str, str, bool]


def _message(data: Data) -> Line | None:
    if data["exchange"] != "IKE_SA_INIT":
        return None
    return "ike", "IKE_SA_INIT", f"from {data['remote']} to {data['local']}", True


def _init_answered(data: Data) -> Line:
    return "ike", "IKE_SA_INIT answered", data["suite"].replace(" / ", ", "), True


def _ike_established(data: Data) -> Line:
    identity, port = data["identity"].partition(" ")[0], data["remote"].rpartition(":")[2]
    return "ike", "IKE_AUTH", f"{identity} proved its key, from port {port}", True


def _child_established(data: Data) -> Line:
    carried = "in UDP" if data["udp_encapsulation"] else "as protocol 50"
    what = "CHILD SA" if data.get("replaces") is None else "CHILD SA rekeyed"
    algorithms = data["suite"].replace(" / NO_ESN", "").replace(" / ", ", ")
    return "esp", what, f"{algorithms} {carried}, SPIs {data['spi_in']} {data['spi_out']}", True


def _tcp_syn(data: Data) -> Line:
    return "bgp", "TCP 179", f"SYN from {data['source']} to {data['destination']}", True


def _established(data: Data) -> Line:
    peer = f"AS {data['peer_as']}, router ID {data['router_id']}"
    return "bgp", "Established", f"{peer}, hold time {data['hold_time']} s", True


def _learned(data: Data) -> Line:
    return "bgp", "routes learned", f"from the CPE: {shorten(data['prefixes'])}", True


def _advertised(data: Data) -> Line:
    return "bgp", "routes advertised", f"{data['count']} prefixes to the CPE", True


def _withdrawn(data: Data) -> Line:
    return "bgp", "routes withdrawn", shorten(data["prefixes"]), True


def _refused(data: Data) -> Line:
    return "ike", f"{data['exchange']} refused", f"{data['notify']}: {data['reason']}", False


def _dropped(data: Data) -> Line:
    return "ike", "datagram dropped", f"from {data['remote']}: {data.get('rule', data['reason'])}", False


def _ike_closed(data: Data) -> Line | None:
    return None if data["rekeyed"] else ("ike", "IKE SA closed", data["reason"], True)


def _bgp_closed(data: Data) -> Line | None:
    if data["reason"].startswith("NOTIFICATION"):
        return None  # it has a line of its own
    return "bgp", "closed", data["reason"], not data["was_established"]


def _notification(data: Data) -> Line:
    return "bgp", "NOTIFICATION", data["text"], data["code"] == _CEASE


_LINES: dict[str, Callable[[Data], Line | None]] = {
    "message_received": _message,
    "ike_sa_init_answered": _init_answered,
    "ike_sa_established": _ike_established,
    "child_sa_established": _child_established,
    "tcp_syn_seen": _tcp_syn,
    "established": _established,
    "routes_learned": _learned,
    "routes_advertised": _advertised,
    "routes_withdrawn": _withdrawn,
    "request_refused": _refused,
    "datagram_dropped": _dropped,
    "ike_sa_closed": _ike_closed,
    "closed": _bgp_closed,
    "notification_sent": _notification,
    "notification_received": _notification,
}


def shorten(prefixes: list[str]) -> str:
    """A few prefixes, and how many more."""
    shown = ", ".join(prefixes[:_SHOWN_PREFIXES])
    more = len(prefixes) - _SHOWN_PREFIXES
    return f"{shown} and {more} more" if more > 0 else shown
