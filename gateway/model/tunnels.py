"""The lab flattened to what the gateway runs: one entry for each IPsec tunnel."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from gateway.model.endpoints import Endpoint, TunnelKey, assign_endpoints
from gateway.model.enums import Region
from gateway.model.ike_settings import IkeSettings
from gateway.model.labfile import LabFile
from gateway.model.peers import peer_config
from gateway.model.policy import IkePolicy, policy
from gateway.model.problems import LabFileError, Problem
from gateway.model.resources import MICROSOFT_ASN, DeviceLink
from ike.config import PeerConfig


@dataclass(frozen=True, kw_only=True)
class Tunnel:
    """One IPsec tunnel and the BGP session inside it.

    Args:
        name: ``<remote network>/<link>/<0|1>``; a ``/`` in the link's name is written ``%2F``.
        remote_network: Name of the remote network.
        link: Name of the device link, as in ``name``.
        index: 0, or 1 for the second tunnel of a zone-redundant link.
        endpoint: The address that we listen on.
        advertised_endpoint: The address that the CPE uses for it; in NAT detection and as our identity.
        peer_address: The CPE's public address.
        psk: Pre-shared key, as octets (UTF-8).
        local_bgp: Our BGP address.
        peer_bgp: The CPE's BGP address.
        local_asn: Our ASN.
        peer_asn: The CPE's ASN.
        bandwidth_mbps: Bandwidth tier in Mbit/s; None: not limited.
        region: Region of the remote network.
        policy: What IKE accepts.
        ike: How IKE behaves.
    """

    name: str
    remote_network: str
    link: str
    index: int
    endpoint: IPv4Address
    advertised_endpoint: IPv4Address
    peer_address: IPv4Address
    psk: bytes = field(repr=False)
    local_bgp: IPv4Address
    peer_bgp: IPv4Address
    local_asn: int = MICROSOFT_ASN
    peer_asn: int
    bandwidth_mbps: int | None
    region: Region
    policy: IkePolicy
    ike: IkeSettings = field(default_factory=IkeSettings)

    @property
    def peer_config(self) -> PeerConfig:
        """The tunnel as the IKE responder wants it."""
        return peer_config(
            name=self.name,
            psk=self.psk,
            policy=self.policy,
            settings=self.ike,
            endpoint=self.endpoint,
            advertised=self.advertised_endpoint,
            peer=self.peer_address,
        )


def tunnels(lab: LabFile, endpoints: Sequence[IPv4Address | str] = ()) -> list[Tunnel]:
    """Every tunnel of the lab, in the order of the file.

    Args:
        lab: The lab.
        endpoints: The gateway's addresses, for a lab file without ``gateway.endpoints``.

    Raises:
        LabFileError: When a link has no pre-shared key, or the endpoints do not suffice.
    """
    problems = [problem for n in range(len(lab.remote_networks)) for problem in missing_keys(lab, n)]
    try:
        assigned = assign_endpoints(lab, endpoints)
    except LabFileError as error:
        raise LabFileError([*problems, *error.problems]) from None
    if problems:
        raise LabFileError(problems)
    return [_tunnel(lab, key, endpoint) for key, endpoint in assigned.items()]


def missing_keys(lab: LabFile, network: int) -> list[Problem]:
    """The links of a remote network that have no pre-shared key."""
    return [
        lab.source(network).problem(
            ("deviceLinks", index, "tunnelConfiguration", "preSharedKey"),
            saw="no pre-shared key",
            rule="a tunnel needs a pre-shared key",
            fix="add tunnelConfiguration.preSharedKey, or give --psk or GSALAB_PSK",
        )
        for index, link in enumerate(lab.remote_networks[network].device_links)
        if link.tunnel_configuration.pre_shared_key is None
    ]


def _tunnel(lab: LabFile, key: TunnelKey, endpoint: Endpoint) -> Tunnel:
    network = lab.remote_networks[key[0]]
    link = network.device_links[key[1]]
    link_name = link.name.replace("/", "%2F")
    bgp = link.bgp_configuration
    zone = link.redundancy_configuration.zone_local_ip_address
    tier = link.bandwidth_capacity_in_mbps
    return Tunnel(
        name=f"{network.name}/{link_name}/{key[2]}",
        remote_network=network.name,
        link=link_name,
        index=key[2],
        endpoint=endpoint.address,
        advertised_endpoint=endpoint.advertised,
        peer_address=link.ip_address,
        psk=_psk(link, key[2]),
        local_bgp=zone if key[2] and zone else bgp.local_ip_address,
        peer_bgp=bgp.peer_ip_address,
        peer_asn=bgp.asn,
        bandwidth_mbps=tier.mbps if tier else None,
        region=network.region,
        policy=policy(link.tunnel_configuration, legacy=lab.gateway.accept_legacy_aes256_sha256_modp1024),
        ike=lab.gateway.ike,
    )


def _psk(link: DeviceLink, index: int) -> bytes:
    tunnel = link.tunnel_configuration
    key = (tunnel.zone_redundancy_pre_shared_key if index else None) or tunnel.pre_shared_key
    return key.get_secret_value().encode() if key else b""
