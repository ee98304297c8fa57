"""What a remote network's traffic profiles mean: the routes that it is told, the traffic that is carried.

The two differ in one case. With Internet Access alone the whole internet is advertised, Microsoft's
ranges included, and traffic to Microsoft is then dropped: the service carries only what an associated profile
matches.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address

from gateway.model.enums import TrafficForwardingType
from gateway.model.labfile import LabFile
from gateway.model.profiles import Prefixes, ProfileName, prefixes, subtract
from gateway.model.resources import ForwardingProfile, RemoteNetwork

_NAMES: dict[TrafficForwardingType, ProfileName] = {
    TrafficForwardingType.MICROSOFT: "microsoft",
    TrafficForwardingType.INTERNET: "internet",
}


def associated(lab: LabFile, network: RemoteNetwork) -> tuple[ForwardingProfile, ...]:
    """The profiles associated with a remote network, from either side.

    A reference by ``id`` takes type and state from the tenant's profile of that id; one that is not found
    stays without a type.
    """
    tenant = {profile.id: profile for profile in lab.forwarding_profiles if profile.id}
    listed = [_completed(profile, tenant.get(profile.id or "")) for profile in network.forwarding_profiles]
    known = {profile.id for profile in listed}
    from_profiles = [
        profile
        for profile in lab.forwarding_profiles
        if profile.id not in known and any(a.branch_id == network.id for a in profile.associations)
    ]
    return (*listed, *from_profiles)


def _completed(profile: ForwardingProfile, known: ForwardingProfile | None) -> ForwardingProfile:
    if known is None:
        return profile
    return profile.model_copy(
        update={
            "traffic_forwarding_type": profile.traffic_forwarding_type or known.traffic_forwarding_type,
            "state": profile.state or known.state,
        }
    )


def profiles_in_force(lab: LabFile, network: RemoteNetwork) -> tuple[ProfileName, ...]:
    """The profiles that are associated, enabled and meant for remote networks; microsoft first."""
    kinds = {profile.traffic_forwarding_type for profile in associated(lab, network) if profile.is_enabled}
    return tuple(name for kind, name in _NAMES.items() if kind in kinds)


def enabled_by_profile(lab: LabFile, network: RemoteNetwork) -> dict[str, bool]:
    """The associated profiles that are meant for remote networks, and whether each is enabled."""
    states: dict[str, bool] = {}
    for profile in associated(lab, network):
        name = _NAMES.get(profile.traffic_forwarding_type) if profile.traffic_forwarding_type else None
        if name is not None:
            states[name] = states.get(name, False) or profile.is_enabled
    return states


def covers_endpoint(lab: LabFile, network: RemoteNetwork, endpoint: IPv4Address) -> bool:
    """Whether an advertised prefix covers the endpoint, which ``gateway.advertiseEndpoint`` allows."""
    if not lab.gateway.advertise_endpoint:
        return False
    return any(endpoint in prefix for prefix in advertised(lab, network, (endpoint,)))


def advertised(lab: LabFile, network: RemoteNetwork, endpoints: Iterable[IPv4Address]) -> Prefixes:
    """The prefixes advertised to a remote network by BGP: the union of its profiles, sorted.

    Args:
        lab: The lab.
        network: The remote network.
        endpoints: The gateway's endpoints, advertised addresses included; covered only with
            ``gateway.advertiseEndpoint``.
    """
    union = {prefix for part in _ranges(lab, network, endpoints).values() for prefix in part}
    return tuple(sorted(union))


def covered(
    lab: LabFile, network: RemoteNetwork, endpoints: Iterable[IPv4Address]
) -> dict[ProfileName, Prefixes]:
    """The destinations that are carried, by profile; where two profiles hold an address the first one counts.

    Arguments are those of ``advertised``.
    """
    ranges = _ranges(lab, network, endpoints)
    if tuple(ranges) == ("internet",):
        return {"internet": subtract(ranges["internet"], prefixes("microsoft"))}
    return ranges


def _ranges(
    lab: LabFile, network: RemoteNetwork, endpoints: Iterable[IPv4Address]
) -> dict[ProfileName, Prefixes]:
    own = set(endpoints)
    leaky = lab.gateway.advertise_endpoint
    return {
        name: prefixes(
            name,
            exclude=() if leaky else own,
            include=own if leaky and name == "internet" else (),
        )
        for name in profiles_in_force(lab, network)
    }
