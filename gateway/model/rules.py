"""Rules about several resources of a lab; the rules of a single one are with its model."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address
from typing import Any

from gateway.model.endpoints import assign_endpoints
from gateway.model.labfile import LabFile
from gateway.model.problems import LabFileError, Problem
from gateway.model.resources import MIN_SA_LIFETIME, DeviceLink, TunnelIkeV2Custom
from gateway.model.source import Loc, Source

MAX_REMOTE_NETWORKS = 10
"""Remote networks of a tenant."""
MAX_DEVICE_LINKS = 4
"""Device links of a remote network."""

RawNetworks = Sequence[tuple[Source, Any]]
"""Remote networks as plain values, before validation, with their sources."""


def between(networks: RawNetworks) -> Iterator[Problem]:
    """Limits and uniqueness; checked on plain values so that an invalid resource still counts."""
    for source, _ in networks[MAX_REMOTE_NETWORKS:]:
        rule = f"a tenant has at most {MAX_REMOTE_NETWORKS} remote networks"
        yield source.problem((), saw="one remote network too many", rule=rule, fix="remove it")
    whole = [(source, (), raw) for source, raw in networks]
    yield from _unique(whole, "remote network")
    links = [
        [(source, ("deviceLinks", index), link) for index, link in enumerate(_links(raw))]
        for source, raw in networks
    ]
    for members in links:
        yield from _unique(members, "device link of this remote network", ("name",))
        for source, loc, _ in members[MAX_DEVICE_LINKS:]:
            rule = f"a remote network has at most {MAX_DEVICE_LINKS} device links"
            yield source.problem(loc, saw="one device link too many", rule=rule, fix="remove it")
    yield from _unique([member for members in links for member in members], "device link", ("id",))


def _links(raw: Any) -> list[Any]:  # noqa: ANN401  (any JSON value)
    links = raw.get("deviceLinks") if isinstance(raw, Mapping) else None
    return links if isinstance(links, list) else []


def _unique(
    resources: Sequence[tuple[Source, Loc, Any]], noun: str, names: Sequence[str] = ("name", "id")
) -> Iterator[Problem]:
    for name in names:
        seen: dict[str, str] = {}
        for source, loc, raw in resources:
            value = raw.get(name) if isinstance(raw, Mapping) else None
            if not isinstance(value, str):
                continue
            if value in seen and name in _written(source, loc):
                rule = f"the {name} of a {noun} is unique; {seen[value]} has it too"
                yield source.problem(
                    (*loc, name), rule=rule, fix=f"write another {name}, or remove one of them"
                )
            seen.setdefault(value, source.path(loc) or "another file")


def _written(source: Source, loc: Loc) -> frozenset[str]:
    """Which of name and id stand in the file, rather than being made up."""
    return frozenset(name for name in ("name", "id") if source.holds((*loc, name)))


def of_lab(lab: LabFile, *, is_whole: bool) -> Iterator[Problem]:
    """Rules between the valid resources of a lab.

    Args:
        lab: The lab as far as it is valid.
        is_whole: Whether all of it is; only then the endpoints are looked at.
    """
    for number, network in enumerate(lab.remote_networks):
        source = lab.source(number)
        for index, link in enumerate(network.device_links):
            loc = ("deviceLinks", index)
            yield from _lifetime(lab, source, loc, link)
            yield from _own_address(lab, source, loc, link)
            yield from _sessions(source, loc, link, network.device_links[:index])
    if is_whole and (lab.gateway.endpoints or lab.connectivity_configurations):
        try:
            assign_endpoints(lab, ASSUMED_ENDPOINTS)
        except LabFileError as error:
            yield from error.problems


ASSUMED_ENDPOINTS = tuple(
    IPv4Address("0.0.0.1") + n for n in range(2 * MAX_REMOTE_NETWORKS * MAX_DEVICE_LINKS)
)
"""Stand-ins for endpoints that the gateway will find by itself: enough for any lab."""


def _lifetime(lab: LabFile, source: Source, loc: Loc, link: DeviceLink) -> Iterator[Problem]:
    tunnel = link.tunnel_configuration
    if not lab.gateway.strict_sa_lifetime or not isinstance(tunnel, TunnelIkeV2Custom):
        return
    if tunnel.sa_life_time_seconds == MIN_SA_LIFETIME:
        yield source.problem(
            (*loc, "tunnelConfiguration", "saLifeTimeSeconds"),
            rule="with gateway.strictSaLifetime an SA lifetime is more than 300 seconds",
            fix="write 301 or more, or remove the switch",
        )


def _own_address(lab: LabFile, source: Source, loc: Loc, link: DeviceLink) -> Iterator[Problem]:
    if link.ip_address in (*lab.gateway.endpoints, *lab.gateway.advertise.values()):
        rule = "the device IP address is the CPE's, not an endpoint of the gateway"
        fix = "write the public IP address that the CPE's packets come from"
        yield source.problem((*loc, "ipAddress"), rule=rule, fix=fix)


def _sessions(source: Source, loc: Loc, link: DeviceLink, earlier: Sequence[DeviceLink]) -> Iterator[Problem]:
    """BGP sessions of a remote network differ in their pair of addresses; no address is on both sides."""
    for index, other in enumerate(earlier):
        where = source.path(("deviceLinks", index))
        peer, ours = link.bgp_configuration.peer_ip_address, bgp_addresses(link)
        if peer == other.bgp_configuration.peer_ip_address and ours & bgp_addresses(other):
            yield source.problem(
                (*loc, "bgpConfiguration", "localIpAddress"),
                rule=f"BGP sessions of a remote network differ in one address; {where} has this pair too",
                fix="write another localIpAddress or peerIpAddress",
            )
        if peer in bgp_addresses(other) or other.bgp_configuration.peer_ip_address in ours:
            yield source.problem(
                (*loc, "bgpConfiguration"),
                saw=f"the CPE's BGP address of one link is Microsoft's of the other ({where})",
                rule="a BGP address is Microsoft's or a CPE's, not both",
                fix="the two are probably swapped in one link: local is Microsoft's, peer is the CPE's",
            )


def bgp_addresses(link: DeviceLink) -> set[IPv4Address]:
    """Microsoft's BGP addresses of a link."""
    zone = link.redundancy_configuration.zone_local_ip_address
    return {link.bgp_configuration.local_ip_address, *([zone] if zone else [])}
