"""What is allowed and will probably surprise: the warnings about a lab."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from gateway.model.connectivity import ConnectivityLink
from gateway.model.endpoints import view_of_link, views_of
from gateway.model.enums import Region, TrafficForwardingType
from gateway.model.fields import in_any
from gateway.model.labfile import LabFile
from gateway.model.policy import policy
from gateway.model.problems import Problem
from gateway.model.resources import MICROSOFT_ASN, DeviceLink, RemoteNetwork, TunnelIkeV2Custom
from gateway.model.routes import associated, covered
from gateway.model.source import Loc, Source
from gateway.model.tunnels import missing_keys

PRIVATE = tuple(
    map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"))
)
"""Addresses that no CPE has on the internet. Documentation ranges are not among them: labs use those."""
MAX_SA_LIFETIME = 86400
"""Seconds; the portal's upper bound by one report, unconfirmed."""
MAX_KEY_LENGTH = 128
"""Characters of a pre-shared key of an Azure VPN gateway."""


def of_lab(lab: LabFile) -> Iterator[Problem]:
    """Every warning about the valid resources of a lab."""
    for number, network in enumerate(lab.remote_networks):
        source = lab.source(number)
        yield from _region(source, network)
        yield from (_warning(problem) for problem in missing_keys(lab, number))
        yield from _profiles(lab, source, network)
        for index, link in enumerate(network.device_links):
            loc = ("deviceLinks", index)
            yield from _address(source, loc, link)
            yield from _policy(source, loc, link)
            yield from _keys(source, loc, link)
            yield from _view(lab, source, loc, network, link)
        if not network.device_links:
            rule = "a remote network without device links has no tunnel"
            yield source.problem(("deviceLinks",), rule=rule, fix="add a device link", severity="warning")


def _warning(problem: Problem) -> Problem:
    return Problem(**(problem.as_json() | {"severity": "warning"}))


def _region(source: Source, network: RemoteNetwork) -> Iterator[Problem]:
    if network.region is Region.EAST_US_2:
        rule = "Graph knows eastUS2, the list of regions in the product documentation does not"
        yield source.problem(
            ("region",), rule=rule, fix="prefer a listed region, such as eastUS", severity="warning"
        )


def _address(source: Source, loc: Loc, link: DeviceLink) -> Iterator[Problem]:
    network = in_any(link.ip_address, PRIVATE)
    if network is not None:
        yield source.problem(
            (*loc, "ipAddress"),
            rule=f"{network} is not public: the device IP address is the one that the gateway sees, behind "
            "a NAT the NAT's. A private WAN address is the most common cause of failure",
            fix="write the public address; keep this one only if the CPE reaches the lab from it",
            severity="warning",
        )


def _policy(source: Source, loc: Loc, link: DeviceLink) -> Iterator[Problem]:
    tunnel = link.tunnel_configuration
    if not isinstance(tunnel, TunnelIkeV2Custom):
        return
    if not policy(tunnel).ike_suites:
        yield source.problem(
            (*loc, "tunnelConfiguration", "ikeIntegrity"),
            rule=f"{tunnel.ike_encryption} with {tunnel.ike_integrity} is valid in Graph and has no meaning "
            "in IKEv2: no proposal can match",
            fix="write sha256 or sha384",
            severity="warning",
        )
    if tunnel.sa_life_time_seconds > MAX_SA_LIFETIME:
        yield source.problem(
            (*loc, "tunnelConfiguration", "saLifeTimeSeconds"),
            rule=f"the portal is said to accept at most {MAX_SA_LIFETIME} seconds",
            fix=f"write {MAX_SA_LIFETIME} or less",
            severity="warning",
        )


def _keys(source: Source, loc: Loc, link: DeviceLink) -> Iterator[Problem]:
    tunnel = link.tunnel_configuration
    keys = {
        "preSharedKey": tunnel.pre_shared_key,
        "zoneRedundancyPreSharedKey": tunnel.zone_redundancy_pre_shared_key,
    }
    for name, secret in keys.items():
        key = secret.get_secret_value() if secret else ""
        if not key.isascii() or not key.isprintable() or key != key.strip() or len(key) > MAX_KEY_LENGTH:
            yield source.problem(
                (*loc, "tunnelConfiguration", name),
                rule="Azure takes keys of 1 to 128 printable ASCII characters; spaces at the ends get lost",
                fix="choose another key",
                severity="warning",
            )
    if tunnel.zone_redundancy_pre_shared_key and not link.is_zone_redundant:
        yield source.problem(
            (*loc, "tunnelConfiguration", "zoneRedundancyPreSharedKey"),
            rule="the key of the second tunnel is not used without zoneRedundancy",
            fix="remove it, or write redundancyTier: zoneRedundancy",
            severity="warning",
        )


def _profiles(lab: LabFile, source: Source, network: RemoteNetwork) -> Iterator[Problem]:
    profiles = associated(lab, network)
    if not profiles:
        rule = "without an associated traffic profile nothing is advertised and all traffic is dropped"
        fix = "add `forwardingProfiles: [microsoft, internet]`"
        yield source.problem(("forwardingProfiles",), rule=rule, fix=fix, severity="warning")
    for index, profile in enumerate(profiles):
        listed = index < len(network.forwarding_profiles)
        loc: Loc = ("forwardingProfiles", index) if listed else ("forwardingProfiles",)
        kind = profile.traffic_forwarding_type
        saw = f"profile {kind or profile.id}"
        if kind is None:
            rule = "the profile of this id is not in the lab: nothing is advertised for it"
            fix = "load the export of /networkAccess/forwardingProfiles too, or write microsoft or internet"
        elif kind is TrafficForwardingType.PRIVATE:
            rule = "Private Access is not available for remote networks: it needs the client"
            fix = "use microsoft and internet"
        elif not profile.is_enabled:
            rule, fix = (
                "a disabled profile advertises nothing and its traffic is dropped",
                "write state: enabled",
            )
        else:
            continue
        yield source.problem(loc, saw=saw, rule=rule, fix=fix, severity="warning")


def _view(
    lab: LabFile, source: Source, loc: Loc, network: RemoteNetwork, link: DeviceLink
) -> Iterator[Problem]:
    """Differences between a link and what a connectivity configuration shows of it."""
    view = view_of_link(lab, network, link)
    if view is None:
        if views_of(lab, network):
            rule = "the connectivityConfiguration of the remote network does not show this link"
            fix = "export it again; the link's endpoint is not pinned"
            yield source.problem((*loc, "name"), rule=rule, fix=fix, severity="warning")
        return
    yield from _pins(lab, source, loc, view)
    bgp = link.bgp_configuration
    peer = view.peer_configuration
    shown_local = [str(local.bgp_address) for local in view.local_configurations]
    own_local = [str(bgp.local_ip_address)]
    if link.is_zone_redundant:
        own_local.append(str(link.redundancy_configuration.zone_local_ip_address))
    facts = {
        "ipAddress": (str(link.ip_address), str(peer.endpoint)),
        "bgpConfiguration.asn": (str(bgp.asn), str(peer.asn)),
        "bgpConfiguration.peerIpAddress": (str(bgp.peer_ip_address), str(peer.bgp_address)),
        "bgpConfiguration.localIpAddress": (" and ".join(own_local), " and ".join(shown_local)),
        "Microsoft's ASN": (
            str(MICROSOFT_ASN),
            " and ".join({str(local.asn) for local in view.local_configurations}),
        ),
    }
    for name, (own, shown) in facts.items():
        if own != shown:
            rule = f"the connectivityConfiguration shows {shown} for {name}"
            fix = "export the one that is older again; the lab goes by the device link"
            yield source.problem(loc, saw=f"{name} {own}", rule=rule, fix=fix, severity="warning")


def _pins(lab: LabFile, source: Source, loc: Loc, view: ConnectivityLink) -> Iterator[Problem]:
    """Endpoints that a connectivity configuration pins and the gateway does not have."""
    settings = lab.gateway
    for local in view.local_configurations:
        is_ours = local.endpoint in (*settings.endpoints, *settings.advertise.values())
        if settings.endpoints and not is_ours:
            yield source.problem(
                loc,
                saw=f"endpoint {local.endpoint}",
                rule="the connectivityConfiguration pins an endpoint that is not among gateway.endpoints",
                fix="give the gateway this address, map one to it below gateway.advertise, or leave the "
                "connectivityConfiguration out",
                severity="warning",
            )


def of_gateway(lab: LabFile, source: Source) -> Iterator[Problem]:
    """Warnings about the gateway's settings; ``source`` is where they stand."""
    settings = lab.gateway
    for ours, public in settings.advertise.items():
        pins = {
            local.endpoint
            for network in lab.remote_networks
            for view in views_of(lab, network)
            for link in view.links
            for local in link.local_configurations
        }
        if settings.endpoints and ours not in settings.endpoints and public not in pins:
            rule = "advertise maps an endpoint of the gateway to the address that the CPE uses"
            yield source.problem(
                ("advertise", str(ours)),
                saw=str(ours),
                rule=rule,
                fix="add it to gateway.endpoints",
                severity="warning",
            )
    carried = [
        prefix
        for network in lab.remote_networks
        for prefixes in covered(lab, network, ()).values()
        for prefix in prefixes
    ]
    for name, address in settings.names.items():
        if in_any(address, tuple(carried)) is None:
            rule = "no associated traffic profile covers the address: traffic to it is dropped"
            fix = "choose an address that a profile covers, or associate its profile"
            yield source.problem(("names", name), rule=rule, fix=fix, severity="warning")
