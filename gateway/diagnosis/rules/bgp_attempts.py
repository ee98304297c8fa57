"""What the CPE's attempts at BGP show: the ends of its SYNs, and the AS number of its OPEN message."""

from ipaddress import IPv4Address, IPv4Network

from gateway.diagnosis.facts import Record
from gateway.diagnosis.history import History, host

NO_BGP = "would show the tunnel as connected and BGP as disconnected"
"""What the real service would have shown of a tunnel without BGP."""
NO_BGP_LOG = "tunnelConnected without bgpConnected in the remote network health log."
"""The same on a page."""

TTL_SECURITY = 255
"""The TTL of the segments of a CPE that has TTL security (RFC 5082); a few others send it, too."""
_BAD_PEER_AS = (2, 2)
_NEIGHBOURHOOD = 24
_LINK_LOCAL = IPv4Network("169.254.0.0/16")


def ends(syn: Record) -> tuple[str, str]:
    """The addresses of a SYN, source and destination."""
    return host(syn["data"]["source"]), host(syn["data"]["destination"])


def misaddressed_syn(history: History) -> Record | None:
    """The last SYN of an attempt in which none was between the addresses of the device link."""
    up, facts = history.up_since, history.tunnel
    if up is None or history.bgp is not None:
        return None
    ended = history.last("closed", after=up["id"])
    syns = history.all("tcp_syn_seen", after=(ended or up)["id"])
    if not syns or any(ends(syn) == (facts.peer_bgp, facts.local_bgp) for syn in syns):
        return None
    return syns[-1]


def syns_of_the_link(history: History) -> list[Record]:
    """The SYNs between the addresses of the device link, since the tunnel is up."""
    up, wanted = history.up_since, (history.tunnel.peer_bgp, history.tunnel.local_bgp)
    if up is None:
        return []
    return [syn for syn in history.all("tcp_syn_seen", after=up["id"]) if ends(syn) == wanted]


def as_number_mismatch(history: History) -> tuple[Record, int | None] | None:
    """The last NOTIFICATION Bad Peer AS, and the AS number in the CPE's OPEN before it, if known."""
    if history.up_since is None:
        return None
    refusals = [
        r
        for r in history.all("notification_sent", "notification_received")
        if (r["data"]["code"], r["data"]["subcode"]) == _BAD_PEER_AS
    ]
    if not refusals:
        return None
    opened = [r for r in history.all("open_received") if r["id"] < refusals[-1]["id"]]
    return refusals[-1], opened[-1]["data"]["peer_as"] if opened else None


def silent_since(history: History) -> Record | None:
    """The ``child_sa_established`` since which the CPE has not tried to open BGP; None when it has."""
    up = history.up_since
    if up is None or history.bgp is not None:
        return None
    return None if history.all("tcp_syn_seen", "connected", "established", after=up["id"]) else up


def branch_prefix_around(history: History) -> str | None:
    """What suggests that the gateway's BGP address is one of the branch's; None when nothing does."""
    facts = history.tunnel
    ours, theirs = IPv4Address(facts.local_bgp), IPv4Address(facts.peer_bgp)
    for record in reversed(history.all("routes_learned")):
        for prefix in map(IPv4Network, record["data"]["prefixes"]):
            if prefix.prefixlen and ours in prefix:
                return f"{ours} lies in {prefix}, which the CPE has announced"
    around = IPv4Network((theirs, _NEIGHBOURHOOD), strict=False)
    if ours in around and ours not in _LINK_LOCAL:
        return f"{ours} lies in {around}, as the CPE's own {theirs} does"
    return None
