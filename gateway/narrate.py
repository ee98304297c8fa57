"""Tells a record in one line, for people."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

Data = Mapping[str, Any]


def narrate(record: Mapping[str, Any]) -> str | None:
    """One line for a record in its JSON form; None for records that only the curious want to see.

    The line does not name the tunnel and the time: those have columns of their own.
    """
    return tell(record["name"], record.get("data", {}))


def tell(name: str, data: Data) -> str | None:
    """The same for the name and the data of a record."""
    teller = _TELLERS.get(name)
    return teller(data) if teller else None


def console_line(record: Mapping[str, Any], told: str) -> str:
    """What was told of a record, with its time and its tunnel before it."""
    at = datetime.fromtimestamp(record["time"], UTC).time().isoformat("milliseconds")
    about = record.get("tunnel") or record.get("remote_network") or record["data"].get("node", "-")
    return f"{at}  {about:<24}  {told}"


def _message(data: Data) -> str | None:
    if data["exchange"] not in ("IKE_SA_INIT", "IKE_AUTH") or data["is_response"]:
        return None
    pieces = f" in {len(data['fragments'])} fragments" if data["fragments"] else ""
    return f"{data['exchange']} request from {data['remote']}{pieces}: {' '.join(_short(data['payloads']))}"


def _incomplete(data: Data) -> str:
    numbers = ", ".join(map(str, data["received"]))
    kind = "response" if data["is_response"] else "request"
    came = f"of {_count(data['total'], 'fragment')} only {numbers} came"
    return f"{data['exchange']} {kind} given up: {came}; {data['reason']}"


def _short(payloads: list[str]) -> list[str]:
    """The payloads without their notifications, which are many."""
    return [name for name in payloads if not name.startswith(("N(", "VENDOR"))]


def _proposals(data: Data) -> str | None:
    if data["selected"]:
        return None
    offered = "; ".join(verdict["offered"] for verdict in data["verdicts"])
    return f"{data['exchange']}: no offered proposal is allowed: {offered}"


def _nat(data: Data) -> str:
    status = data["status"]
    if not status["supported"]:
        return "NAT detection: the CPE does not take part"
    if status["local_behind_nat"]:
        return "NAT detection: the gateway is behind a NAT; ESP goes in UDP"
    if status["remote_behind_nat"]:
        return "NAT detection: the CPE is behind a NAT, or forces encapsulation; ESP goes in UDP"
    return "NAT detection: no NAT; ESP goes as IP protocol 50"


def _autopsy(data: Data) -> str:
    if data["inside"] is None:
        return (
            "NAT autopsy: the CPE's hash fits no private address; it forces encapsulation, or is none we know"
        )
    inside = f"{data['inside']['address']}:{data['inside']['port']}"
    return f"NAT autopsy: the CPE believes it is {inside}; it arrived as {data['remote']}"


def _child(data: Data) -> str:
    how = "ESP in UDP" if data["udp_encapsulation"] else "ESP"
    by = " at our request" if data["initiated_by_us"] else ""
    rekeyed = f", replaces {data['replaces']:08x}{by}" if data["replaces"] is not None else ""
    return f"CHILD SA {data['suite']}, {how}, SPIs in {data['spi_in']} out {data['spi_out']}{rekeyed}"


def _path_changed(data: Data) -> str:
    how = "ESP in UDP" if data["udp_encapsulation"] else "ESP"
    return f"the CPE moved from {_remote(data['old'])} to {_remote(data['new'])}; IKE and {how} follow"


def _collision(data: Data) -> str:
    what = "IKE SA" if data["of_ike_sa"] else "CHILD SA"
    stays = "ours stays" if data["ours_stays"] else "the CPE's stays"
    return f"both ends rekeyed the {what} at the same time: {stays}, by the nonces"


def _own_refused(data: Data) -> str:
    then = "; asked again with the group that it wants" if data["again"] else ""
    return f"we asked to {data['purpose']}, the CPE refused with {data['notify']}{then}"


def _trial_refused(data: Data) -> str:
    ends = f", for {data['ends_after']:.0f} s" if data["ends_after"] is not None else ""
    wants = f", it wants {data['wanted_group']}" if data["wanted_group"] else ""
    how = f"with {data['group']}" if data["group"] else "without PFS"
    return (
        f"we rekeyed the CHILD SA on trial, {how}: the CPE refused with {data['notify']}{wants}; "
        f"the CHILD SA goes on{ends}"
    )


def _identity(data: Data) -> str:
    line = f"the CPE says it is {data['offered']}"
    if data["offered"] != data["expected"]:
        line += f", the device link has {data['expected']}"
    if data["wanted_of_us"] not in {"", data["ours"]}:
        line += f"; it wants us to be {data['wanted_of_us']}, we are {data['ours']}"
    return line


def _routability(data: Data) -> str:
    if data["ok"]:
        return "the CPE is reachable at its new address: it returned our COOKIE2"
    return "the CPE did not return our COOKIE2 from its new address: the IKE SA ends"


def _liveness(data: Data) -> str | None:
    # What the CPE asks comes every few seconds with some.
    return None if data["by_peer"] else "the CPE is alive: it answered our liveness check"


def _notified(data: Data) -> str | None:
    return f"the CPE notifies {data['notify']}" if data["is_error"] else None


def _retransmitted(data: Data) -> str:
    return f"no answer yet to our {data['exchange']} request; sent again, attempt {data['attempt']}"


def _remote(path: list[Any]) -> str:
    """The CPE's end of a path in its JSON form."""
    _local_ip, _local_port, ip, port = path
    return f"{ip}:{port}"


def _suppressed(data: Data) -> str:
    what = data.get("rule") or data["kind"].replace("_", " ")
    return f"{data['count']} more of one kind in {data['seconds']:.0f} s, not told one by one: {what}"


def _cookie(data: Data) -> str:
    again = "; the one it returned does not verify" if data["returned"] else ""
    return f"asked the CPE for a cookie: {data['reason']}{again}"


def _vendors(data: Data) -> str | None:
    return f"vendor IDs of {', '.join(data['known'])}" if data["known"] else None


def _ike_closed(data: Data) -> str | None:
    return None if data["rekeyed"] else f"IKE SA closed: {data['reason']}"


def _syn(data: Data) -> str:
    signed = {"md5": ", signed with TCP MD5", "ao": ", signed with TCP-AO"}.get(data["authentication"], "")
    hops = f", TTL {data['ttl']}" if data["ttl"] == 1 else ""
    return f"TCP SYN {data['source']} to {data['destination']} inside the tunnel{hops}{signed}"


def _syn_ack(data: Data) -> str:
    return (
        f"TCP SYN-ACK {data['source']} to {data['destination']} out of the tunnel, whose SYN went another way"
    )


def _large_mss(data: Data) -> str:
    return f"TCP SYN {data['source']} to {data['destination']} asks for segments of {data['mss']} octets"


def _open(data: Data) -> str:
    return f"BGP OPEN of AS {data['peer_as']}, hold time {data['peer_hold_time']} s"


def _bgp_established(data: Data) -> str:
    return f"BGP Established with AS {data['peer_as']}, hold time {data['hold_time']} s"


def _learned(data: Data) -> str:
    return f"learned {_count(len(data['prefixes']), 'route')}: {_some(data['prefixes'])}"


def _some(items: list[str], most: int = 4) -> str:
    rest = len(items) - most
    return ", ".join(items[:most]) + (f" and {rest} more" if rest > 0 else "")


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _esp_probed(data: Data) -> str:
    seen = "ESP came back" if data["answered"] else "no ESP packet came"
    return f"asked the CPE inside the tunnel with {data['pings']} pings: {seen}"


def _esp_dropped(data: Data) -> str:
    details = ", ".join(f"{key} {value}" for key, value in data.items() if key != "reason")
    return f"ESP dropped: {data['reason'].replace('_', ' ')}" + (f" ({details})" if details else "")


def _request(data: Data) -> str:
    prefix = f" ({data['profile']} {data['prefix']})" if data["profile"] else ""
    return f"{data['kind'].upper()} {data['host']} from {data['source']} to {data['destination']}{prefix}"


def _traffic_dropped(data: Data) -> str:
    service = f"{data['protocol']}/{data['port']}" if "port" in data else data["protocol"]
    packets = _count(data["packets"], "packet")
    return f"dropped {data['source']} to {data['destination']} {service}, {packets}: {data['explanation']}"


_TELLERS: dict[str, Callable[[Data], str | None]] = {
    "gateway_ready": lambda d: f"gateway ready on {', '.join(d['endpoints'])}, UDP 500 and 4500",
    "gateway_stopping": lambda _: "gateway stopping: deleting the SAs",
    "datagram_dropped": lambda d: f"dropped a datagram from {d['remote']}: {d['rule']} ({d['detail']})",
    "events_suppressed": _suppressed,
    "cookie_requested": _cookie,
    "vendors_named": _vendors,
    "message_received": _message,
    "incomplete_message_dropped": _incomplete,
    "proposals_evaluated": _proposals,
    "nat_detection": _nat,
    "nat_autopsy": _autopsy,
    "ip_fragments_incomplete": lambda d: f"of {_count(d['datagrams'], 'datagram')} not all IP fragments came",
    "udp_checksum_wrong": lambda d: f"the kernel dropped a datagram from {d['remote']}: wrong UDP checksum",
    "identity_offered": _identity,
    "request_refused": lambda d: f"{d['exchange']} refused with {d['notify']}: {d['reason']}",
    "request_repeated": lambda d: f"the CPE repeats its {d['exchange']} request; answered again",
    "request_retransmitted": _retransmitted,
    "own_request_refused": _own_refused,
    "trial_rekey_refused": _trial_refused,
    "trial_rekey_omitted": lambda d: f"CHILD SA {d['spi_in']} is not rekeyed on trial: {d['reason']}",
    "response_unusable": lambda d: f"the CPE's {d['exchange']} response cannot be used: {d['reason']}",
    "notify_received": _notified,
    "liveness_checked": _liveness,
    "rekey_collision": _collision,
    "routability_checked": _routability,
    "ike_sa_init_answered": lambda d: f"IKE_SA_INIT answered: {d['suite']}",
    "ike_sa_established": lambda d: f"IKE SA established with {d['identity']}",
    "ike_sa_rekeyed": lambda d: f"IKE SA rekeyed: {d['suite']}",
    "ike_sa_closed": _ike_closed,
    "path_changed": _path_changed,
    "child_sa_established": _child,
    "child_sa_closed": lambda d: f"CHILD SA {d['spi_in']} closed: {d['reason']}",
    "esp_dropped": _esp_dropped,
    "esp_probed": _esp_probed,
    "no_esp_seen": lambda d: f"no ESP packet came from the CPE in {d['seconds']:g} s",
    "esp_seen": lambda _: "the CPE's first ESP packet came",
    "tun_device_lost": lambda d: f"the tunnel device is gone: {d['reason']}",
    "tcp_syn_seen": _syn,
    "tcp_syn_answered": lambda d: f"TCP SYN-ACK {d['source']} to {d['destination']} into the tunnel",
    "syn_ack_without_syn": _syn_ack,
    "large_mss_offered": _large_mss,
    "open_received": _open,
    "established": _bgp_established,
    "closed": lambda d: f"BGP session closed: {d['reason']}",
    "notification_sent": lambda d: f"BGP notification sent: {d['text']}",
    "notification_received": lambda d: f"BGP notification received: {d['text']}",
    "routes_learned": _learned,
    "routes_withdrawn": lambda d: f"routes withdrawn: {_some(d['prefixes'])}",
    "routes_advertised": lambda d: f"{_count(d['count'], 'route')} advertised to the CPE",
    "route_not_installed": lambda d: f"a learned route was not installed: {d['reason']}",
    "routes_refused": lambda d: f"{d['rule']}; refused: {_some(d['prefixes'])}",
    "prefix_limit_exceeded": lambda d: f"the CPE announces {d['count']} prefixes, the limit is {d['limit']}",
    "speaker_stopped": lambda d: f"BGP speaker stopped: {d['reason']}",
    "request": _request,
    "traffic_dropped": _traffic_dropped,
    "drops_unknown": lambda d: f"what the edge drops is no longer known: {d['reason']}",
}
