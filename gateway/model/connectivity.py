"""Graph's connectivityConfiguration: what the portal shows under "View configuration"."""

from typing import Annotated, Any

from pydantic import Field

from gateway.model.enums import Region
from gateway.model.fields import Asn, BgpAddress, EndpointAddress, GraphModel, Name, PeerAddress, one_of


class LocalConfiguration(GraphModel):
    """Microsoft's end of one tunnel."""

    endpoint: EndpointAddress = Field(description="Address that the CPE builds the tunnel to.")
    asn: int = Field(default=65476, description="Microsoft's ASN.")
    bgp_address: BgpAddress = Field(description="Microsoft's BGP address.")
    region: Annotated[Region, one_of(Region, "region")] | None = Field(
        default=None, description="Region of the endpoint."
    )


class PeerConfiguration(GraphModel):
    """The CPE's end of the tunnels of a link."""

    endpoint: PeerAddress = Field(description="Public address of the CPE.")
    asn: Asn = Field(description="The CPE's ASN.")
    bgp_address: BgpAddress = Field(description="The CPE's BGP address.")


class ConnectivityLink(GraphModel):
    """One device link: one local configuration, or two with zone redundancy."""

    id: Name | None = Field(default=None, description="GUID of the device link.")
    display_name: Name = Field(description="Name of the device link.")
    local_configurations: tuple[LocalConfiguration, ...] = Field(
        min_length=1, max_length=2, description="Microsoft's end, one for each tunnel."
    )
    peer_configuration: PeerConfiguration = Field(description="The CPE's end.")


class ConnectivityConfiguration(GraphModel):
    """The configuration that a CPE needs to reach one remote network's endpoints."""

    remote_network_id: Name | None = Field(default=None, description="GUID of the remote network.")
    remote_network_name: Name | None = Field(default=None, description="Name of the remote network.")
    links: tuple[ConnectivityLink, ...] = Field(default=(), description="The device links.")


def as_remote_network(view: ConnectivityConfiguration) -> dict[str, Any]:
    """The remote network that a connectivity configuration shows, as far as it shows it.

    It tells neither the pre-shared key nor the policy, so every link has the default policy and no key.
    """
    regions = [local.region for link in view.links for local in link.local_configurations if local.region]
    name = view.remote_network_name or view.remote_network_id
    return {
        **({"id": view.remote_network_id} if view.remote_network_id else {}),
        **({"name": name} if name else {}),
        **({"region": str(regions[0])} if regions else {}),
        "deviceLinks": [_as_link(link) for link in view.links],
    }


def _as_link(link: ConnectivityLink) -> dict[str, Any]:
    first, *second = link.local_configurations
    redundancy = {}
    if second:
        redundancy = {"redundancyTier": "zoneRedundancy", "zoneLocalIpAddress": str(second[0].bgp_address)}
    return {
        **({"id": link.id} if link.id else {}),
        "name": link.display_name,
        "ipAddress": str(link.peer_configuration.endpoint),
        "bgpConfiguration": {
            "localIpAddress": str(first.bgp_address),
            "peerIpAddress": str(link.peer_configuration.bgp_address),
            "asn": link.peer_configuration.asn,
        },
        "redundancyConfiguration": redundancy,
    }
