"""Which endpoint each tunnel ends at.

A connectivity configuration pins the endpoints of its links. Every other tunnel takes the gateway's endpoints
in turn; two tunnels from one CPE address never share one, because the pair of addresses is all that tells
tunnels apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from gateway.model.connectivity import ConnectivityConfiguration, ConnectivityLink
from gateway.model.labfile import LabFile
from gateway.model.problems import LabFileError, Problem
from gateway.model.resources import DeviceLink, RemoteNetwork

TunnelKey = tuple[int, int, int]
"""A tunnel by the indices of its remote network and link, and 0 or 1 for the zone."""


@dataclass(frozen=True)
class Endpoint:
    """One end of ours.

    Args:
        address: The address that we listen on.
        advertised: The address that the CPE uses for it; another one when we are behind a NAT.
    """

    address: IPv4Address
    advertised: IPv4Address


def tunnel_keys(lab: LabFile) -> list[TunnelKey]:
    """Every tunnel of the lab, in the order of the file."""
    return [
        (n, k, index)
        for n, network in enumerate(lab.remote_networks)
        for k, link in enumerate(network.device_links)
        for index in range(2 if link.is_zone_redundant else 1)
    ]


def shows(view: ConnectivityConfiguration, network_id: str | None, name: str | None) -> bool:
    """Whether a connectivity configuration is about the remote network of this id or name."""
    if view.remote_network_id is not None and view.remote_network_id == network_id:
        return True
    return view.remote_network_name is not None and view.remote_network_name == name


def views_of(lab: LabFile, network: RemoteNetwork) -> list[ConnectivityConfiguration]:
    """The connectivity configurations about a remote network."""
    inline = network.connectivity_configuration
    found = [view for view in lab.connectivity_configurations if shows(view, network.id, network.name)]
    return [*found, *([inline] if inline else [])]


def view_of_link(lab: LabFile, network: RemoteNetwork, link: DeviceLink) -> ConnectivityLink | None:
    """What the connectivity configurations say about a link, by its id or name."""
    shown = [found for view in views_of(lab, network) for found in view.links]
    by_id = next((found for found in shown if found.id == link.id), None)
    return by_id or next((found for found in shown if found.display_name == link.name), None)


def assign_endpoints(lab: LabFile, endpoints: Sequence[IPv4Address | str] = ()) -> dict[TunnelKey, Endpoint]:
    """The endpoint of every tunnel.

    Args:
        lab: The lab.
        endpoints: The gateway's addresses, for a lab file without ``gateway.endpoints``.

    Raises:
        LabFileError: When there are too few endpoints, or two tunnels have the same two addresses.
    """
    pool = lab.gateway.endpoints or tuple(IPv4Address(endpoint) for endpoint in endpoints)
    keys = tunnel_keys(lab)
    result: dict[TunnelKey, Endpoint] = {}
    taken: dict[tuple[IPv4Address, IPv4Address], TunnelKey] = {}
    problems: list[Problem] = []
    pins = {key: address for key in keys if (address := _pinned(lab, key)) is not None}
    for key, address in pins.items():
        pair = (_link(lab, key).ip_address, address)
        if pair in taken:
            problems.append(_clash(lab, key, taken[pair], address))
        taken[pair] = key
        result[key] = _endpoint(lab, address)
    turn = 0
    for key in keys:
        if key in pins:
            continue
        peer = _link(lab, key).ip_address
        free = [
            (turn + i) % len(pool)
            for i in range(len(pool))
            if (peer, pool[(turn + i) % len(pool)]) not in taken
        ]
        if not free:
            problems.append(_too_few(lab, key, len(pool)))
            continue
        taken[peer, pool[free[0]]] = key
        result[key] = _endpoint(lab, pool[free[0]])
        turn = free[0] + 1
    if problems:
        raise LabFileError(problems)
    return {key: result[key] for key in keys}


def listening_addresses(assigned: dict[TunnelKey, Endpoint]) -> tuple[IPv4Address, ...]:
    """The addresses to listen on, each once, in order of first use."""
    return tuple(dict.fromkeys(endpoint.address for endpoint in assigned.values()))


def _link(lab: LabFile, key: TunnelKey) -> DeviceLink:
    return lab.remote_networks[key[0]].device_links[key[1]]


def _pinned(lab: LabFile, key: TunnelKey) -> IPv4Address | None:
    network = lab.remote_networks[key[0]]
    view = view_of_link(lab, network, network.device_links[key[1]])
    if view is None or key[2] >= len(view.local_configurations):
        return None
    shown = view.local_configurations[key[2]].endpoint
    behind = (ours for ours, public in lab.gateway.advertise.items() if public == shown)
    return next(behind, shown)


def _endpoint(lab: LabFile, address: IPv4Address) -> Endpoint:
    return Endpoint(address, lab.gateway.advertise.get(address, address))


def _clash(lab: LabFile, key: TunnelKey, other: TunnelKey, address: IPv4Address) -> Problem:
    first = lab.source(other[0]).path(("deviceLinks", other[1]))
    return lab.source(key[0]).problem(
        ("deviceLinks", key[1], "ipAddress"),
        rule=f"the CPE's address and the endpoint identify a tunnel; {first} has this pair too ({address})",
        fix="give one of the links another ipAddress, or its connectivityConfiguration another endpoint",
    )


def _too_few(lab: LabFile, key: TunnelKey, count: int) -> Problem:
    rule = f"tunnels from one CPE address end at different endpoints; the gateway has {count or 'none'}"
    fix = "add an address below gateway.endpoints"
    return lab.source(key[0]).problem(("deviceLinks", key[1], "ipAddress"), rule=rule, fix=fix)
