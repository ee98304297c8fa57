"""BIRD on a CPE: its configuration, and what ``birdc`` says about sessions and routes."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

SOCKET = "/run/bird/bird.ctl"
LOG = "/run/bird.log"
_ANNOUNCED = "announced"


@dataclass(frozen=True, kw_only=True)
class Neighbor:
    """One BGP session through one tunnel.

    Args:
        index: Number of the tunnel on this CPE.
        address: The far side's BGP address.
        asn: The far side's autonomous system.
        via: Next hop into the tunnel: a device name in quotes or an address.
    """

    index: int
    address: IPv4Address
    asn: int
    via: str

    @property
    def protocol(self) -> str:
        """Name of the session in BIRD."""
        return f"gsa{self.index}"

    @property
    def route_protocol(self) -> str:
        """Name of the static routes that lead into its tunnel."""
        return f"tunnel{self.index}"


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """The CPE's side of all its sessions; ``through_tunnel`` goes into the first tunnel without BGP."""

    address: IPv4Address
    asn: int
    announces: tuple[IPv4Network, ...]
    through_tunnel: tuple[IPv4Network, ...]
    hold_time: int
    neighbors: tuple[Neighbor, ...]


def configuration(speaker: Speaker) -> str:
    """bird.conf. Sessions start disabled: the tunnel's updown script enables them."""
    announced = "\n".join(f"    route {prefix} reject;" for prefix in speaker.announces)
    return f"""\
log "{LOG}" all;
router id {speaker.address};

protocol device {{
}}

# Equal paths from several tunnels become one route with several next hops.
protocol kernel {{
    merge paths on;
    ipv4 {{
        import none;
        export where proto != "{_ANNOUNCED}";
    }};
}}

protocol static {_ANNOUNCED} {{
    ipv4;
{announced}
}}
{"".join(_neighbor(speaker, n) for n in speaker.neighbors)}"""


def _neighbor(speaker: Speaker, neighbor: Neighbor) -> str:
    """The far BGP address is on no shared subnet: a static route leads to it and the session is multihop."""
    extra = speaker.through_tunnel if neighbor is speaker.neighbors[0] else ()
    routes = [IPv4Network(neighbor.address), *extra]
    static = "\n".join(f"    route {prefix} via {neighbor.via};" for prefix in routes)
    return f"""
protocol static {neighbor.route_protocol} {{
    disabled;
    ipv4;
{static}
}}

protocol bgp {neighbor.protocol} {{
    disabled;
    local {speaker.address} as {speaker.asn};
    neighbor {neighbor.address} as {neighbor.asn};
    multihop;
    hold time {speaker.hold_time};
    connect delay time 1;
    connect retry time 2;
    error wait time 1, 10;
    ipv4 {{
        import all;
        export where proto = "{_ANNOUNCED}";
        next hop self;
    }};
}}
"""


@dataclass(frozen=True, kw_only=True)
class Session:
    """A BGP session as BIRD reports it."""

    state: str
    local_as: int
    peer_as: int
    imported: int
    exported: int
    error: str | None


_BGP_STATE = re.compile(r"BGP state:\s+(.+)")
_ROUTES = re.compile(r"Routes:\s+(\d+) imported,(?: \d+ filtered,)? (\d+) exported")
_LOCAL_AS = re.compile(r"Local AS:\s+(\d+)")
_PEER_AS = re.compile(r"Neighbor AS:\s+(\d+)")
_ERROR = re.compile(r"Last error:\s+(.+)")


def parse_session(text: str) -> Session:
    """One protocol in the output of ``birdc show protocols all NAME``."""
    state, routes, error = _BGP_STATE.search(text), _ROUTES.search(text), _ERROR.search(text)
    local, peer = _LOCAL_AS.search(text), _PEER_AS.search(text)
    return Session(
        state=state.group(1).strip() if state else "Down",
        local_as=int(local.group(1)) if local else 0,
        peer_as=int(peer.group(1)) if peer else 0,
        imported=int(routes.group(1)) if routes else 0,
        exported=int(routes.group(2)) if routes else 0,
        error=error.group(1).strip() if error else None,
    )
