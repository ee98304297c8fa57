"""The "View configuration" of a remote network, as Graph returns it."""

from collections.abc import Sequence
from ipaddress import IPv4Address
from typing import Any

from gateway.model.endpoints import Endpoint, assign_endpoints
from gateway.model.labfile import LabFile
from gateway.model.resources import MICROSOFT_ASN, RemoteNetwork

_METADATA = "https://graph.microsoft.com/beta/$metadata#networkAccess/connectivity/remoteNetworks"
_TIPS = (
    "Use $select to choose only the properties your app needs, as this can lead to performance improvements. "
    "For example: GET networkAccess/connectivity/remoteNetworks('<guid>')/connectivityConfiguration"
    "?$select=remoteNetworkId,remoteNetworkName"
)


def connectivity_configuration(
    lab: LabFile, network: RemoteNetwork, endpoints: Sequence[IPv4Address | str] = ()
) -> dict[str, Any]:
    """Graph's connectivityConfiguration of a remote network, members in Graph's order.

    Args:
        lab: The lab.
        network: One of its remote networks.
        endpoints: The gateway's addresses, for a lab file without ``gateway.endpoints``.

    Raises:
        LabFileError: When the endpoints do not suffice.
    """
    assigned = assign_endpoints(lab, endpoints)
    number = lab.remote_networks.index(network)
    context = f"{_METADATA}('{network.id}')/connectivityConfiguration"
    return {
        "@odata.context": f"{context}/$entity",
        "@microsoft.graph.tips": _TIPS,
        "remoteNetworkId": network.id,
        "remoteNetworkName": network.name,
        "links@odata.context": f"{context}/links",
        "links": [
            _link(network, index, [end for key, end in assigned.items() if key[:2] == (number, index)])
            for index in range(len(network.device_links))
        ],
    }


def _link(network: RemoteNetwork, index: int, ends: Sequence[Endpoint]) -> dict[str, Any]:
    link = network.device_links[index]
    bgp = link.bgp_configuration
    ours = (bgp.local_ip_address, link.redundancy_configuration.zone_local_ip_address)
    return {
        "id": link.id,
        "displayName": link.name,
        "localConfigurations": [
            {
                "endpoint": str(end.advertised),
                "asn": MICROSOFT_ASN,
                "bgpAddress": str(address),
                "region": str(network.region),
            }
            for end, address in zip(ends, ours, strict=False)
        ],
        "peerConfiguration": {
            "endpoint": str(link.ip_address),
            "asn": bgp.asn,
            "bgpAddress": str(bgp.peer_ip_address),
        },
    }
