"""Remote networks and device links: Graph's resources with the service's rules for each of them.

A rule about one member is a validator of its type. A rule about two members of one object is a validator of
the later one, so that it is checked even when an unrelated member is wrong. Rules about several objects are
in ``gateway.model.rules``, warnings in ``gateway.model.cautions``.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    SecretStr,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from gateway.model.connectivity import ConnectivityConfiguration
from gateway.model.enums import (
    BandwidthCapacity,
    DeviceVendor,
    DhGroupName,
    IkeEncryption,
    IkeIntegrity,
    IpSecEncryption,
    IpSecIntegrity,
    PfsGroup,
    ProfileState,
    RedundancyTier,
    Region,
    TrafficForwardingType,
)
from gateway.model.fields import AlsoWritten, Asn, BgpAddress, GraphModel, Name, PeerAddress, broken, one_of

MICROSOFT_ASN = 65476
"""The gateway's autonomous system number, the same for every link."""
MIN_SA_LIFETIME = 300
"""Seconds; whether 300 itself is allowed is a switch, ``gateway.strictSaLifetime``."""
ODATA_NAMESPACE = "#microsoft.graph.networkaccess."


class BgpConfiguration(GraphModel):
    """The BGP session inside the tunnel, seen from Microsoft's side."""

    graph_members: ClassVar[frozenset[str]] = frozenset({"ipAddress"})

    local_ip_address: BgpAddress = Field(
        description="Microsoft's BGP address, outside the branch's prefixes. On the CPE: the peer address.",
        examples=["10.2.0.4"],
    )
    peer_ip_address: BgpAddress = Field(
        description="The CPE's BGP address. On the CPE: the local address.", examples=["10.1.0.4"]
    )
    asn: Asn = Field(description="The CPE's ASN; Microsoft's is always 65476.", examples=[65001])

    @field_validator("peer_ip_address")
    @classmethod
    def _differs(cls, value: object, info: ValidationInfo) -> object:
        if value == info.data.get("local_ip_address"):
            rule = "localIpAddress (Microsoft's) and peerIpAddress (the CPE's) are two addresses"
            raise broken(rule, "write the CPE's own BGP address here")
        return value


class RedundancyConfiguration(GraphModel):
    """One tunnel, or two tunnels to two zones of the region."""

    redundancy_tier: Annotated[RedundancyTier, one_of(RedundancyTier, "redundancy tier")] = Field(
        default=RedundancyTier.NONE, description="noRedundancy: one tunnel; zoneRedundancy: two."
    )
    zone_local_ip_address: BgpAddress | None = Field(
        default=None,
        description="Microsoft's BGP address of the second tunnel; with zoneRedundancy only.",
        examples=["10.2.0.5"],
    )

    @model_validator(mode="after")
    def _zone_address_belongs_to_zone_redundancy(self) -> Self:
        tier, address = self.redundancy_tier, self.zone_local_ip_address
        if tier is RedundancyTier.ZONE and address is None:
            rule = "zoneRedundancy needs zoneLocalIpAddress, the second BGP address of Microsoft"
            raise broken(rule, "add zoneLocalIpAddress, for example 10.2.0.5", at="zoneLocalIpAddress")
        if tier is RedundancyTier.NONE and address is not None:
            rule = "zoneLocalIpAddress belongs to zoneRedundancy only"
            fix = "remove it, or write redundancyTier: zoneRedundancy"
            raise broken(rule, fix, at="zoneLocalIpAddress")
        return self


class TunnelIkeV2(GraphModel):
    """What both tunnel configurations have."""

    pre_shared_key: SecretStr | None = Field(
        default=None,
        description="The pre-shared key, the same as on the CPE. May come from --psk or GSALAB_PSK.",
    )
    zone_redundancy_pre_shared_key: SecretStr | None = Field(
        default=None, description="Key of the second tunnel; without it preSharedKey serves both."
    )


class TunnelIkeV2Default(TunnelIkeV2):
    """The default policy: 8 phase 1 and 3 phase 2 combinations."""

    odata_type: Literal["#microsoft.graph.networkaccess.tunnelConfigurationIKEv2Default"] = Field(
        default="#microsoft.graph.networkaccess.tunnelConfigurationIKEv2Default",
        alias="@odata.type",
        description="May be left out.",
    )


class TunnelIkeV2Custom(TunnelIkeV2):
    """A custom policy: exactly one phase 1 and one phase 2 combination."""

    odata_type: Literal["#microsoft.graph.networkaccess.tunnelConfigurationIKEv2Custom"] = Field(
        default="#microsoft.graph.networkaccess.tunnelConfigurationIKEv2Custom",
        alias="@odata.type",
        description="May be left out.",
    )
    ike_encryption: Annotated[IkeEncryption, one_of(IkeEncryption, "IKE encryption")] = Field(
        description="Phase 1 encryption.", examples=["gcmAes256"]
    )
    ike_integrity: Annotated[IkeIntegrity, one_of(IkeIntegrity, "IKE integrity")] = Field(
        description="Phase 1 integrity; with gcmAes encryption it names the PRF.", examples=["sha384"]
    )
    dh_group: Annotated[DhGroupName, one_of(DhGroupName, "DH group")] = Field(
        description="Phase 1 Diffie-Hellman group.", examples=["dhGroup14"]
    )
    ip_sec_encryption: Annotated[IpSecEncryption, one_of(IpSecEncryption, "IPsec encryption")] = Field(
        description="Phase 2 encryption.", examples=["gcmAes256"]
    )
    ip_sec_integrity: Annotated[IpSecIntegrity, one_of(IpSecIntegrity, "IPsec integrity")] = Field(
        description="Phase 2 integrity: the same as ipSecEncryption, or sha256 with none.",
        examples=["gcmAes256"],
    )
    pfs_group: Annotated[PfsGroup, one_of(PfsGroup, "PFS group")] = Field(
        description="Diffie-Hellman group of CHILD SA rekeys.", examples=["none"]
    )
    sa_life_time_seconds: int = Field(
        strict=True, description="Lifetime of the CHILD SA in seconds.", examples=[3600]
    )

    @field_validator("ip_sec_integrity")
    @classmethod
    def _pairs_with_encryption(cls, value: IpSecIntegrity, info: ValidationInfo) -> IpSecIntegrity:
        encryption = info.data.get("ip_sec_encryption")
        valid = IpSecIntegrity.SHA_256 if encryption is IpSecEncryption.NONE else encryption
        if encryption is not None and value != valid:
            rule = f"ipSecEncryption {encryption} does not pair with ipSecIntegrity {value}"
            pairs = "gcmAes128/gcmAes128, gcmAes192/gcmAes192, gcmAes256/gcmAes256, none/sha256"
            raise broken(rule, f"valid pairs are {pairs}")
        return value

    @field_validator("sa_life_time_seconds")
    @classmethod
    def _lifetime(cls, value: int) -> int:
        if value < MIN_SA_LIFETIME:
            raise broken("an SA lifetime is at least 300 seconds", "write 300 or more, for example 3600")
        return value


CUSTOM_MEMBERS = frozenset(
    field.alias
    for name, field in TunnelIkeV2Custom.model_fields.items()
    if field.alias and name not in TunnelIkeV2Default.model_fields
)
"""The names that only a custom policy has."""


def policy_of(value: object) -> Literal["default", "custom"]:
    """Which tunnel configuration an object is: as its ``@odata.type`` says, otherwise by its members."""
    if isinstance(value, Mapping):
        kind = value.get("@odata.type")
        if isinstance(kind, str):
            return "custom" if kind.endswith("Custom") else "default"
        return "custom" if CUSTOM_MEMBERS & value.keys() else "default"
    return "custom" if isinstance(value, TunnelIkeV2Custom) else "default"


TunnelConfiguration = Annotated[
    Annotated[TunnelIkeV2Default, Tag("default")] | Annotated[TunnelIkeV2Custom, Tag("custom")],
    Discriminator(policy_of),
]


def _bandwidth(value: object) -> object:
    if isinstance(value, int) and f"mbps{value}" in list(BandwidthCapacity):
        return f"mbps{value}"
    if isinstance(value, int):
        raise broken("a device link has 250, 500, 750 or 1000 Mbit/s", "write one of these tiers")
    return value


class DeviceLink(GraphModel):
    """One CPE: its address, its BGP session, its tunnel or tunnels."""

    graph_members: ClassVar[frozenset[str]] = frozenset({"lastModifiedDateTime", "version"})

    id: Name | None = Field(default=None, description="GUID; made from the names when left out.")
    name: Name = Field(description="Name of the link, unique in the remote network.", examples=["cpe1"])
    ip_address: PeerAddress = Field(
        description="Public IPv4 address of the CPE as the gateway sees it: behind a NAT, the NAT's.",
        examples=["198.51.100.10"],
    )
    device_vendor: Annotated[DeviceVendor, one_of(DeviceVendor, "device vendor")] = Field(
        default=DeviceVendor.OTHER, description="A label; nothing depends on it."
    )
    bandwidth_capacity_in_mbps: (
        Annotated[
            BandwidthCapacity,
            one_of(BandwidthCapacity, "bandwidth tier"),
            BeforeValidator(_bandwidth),
            AlsoWritten((250, 500, 750, 1000)),
        ]
        | None
    ) = Field(
        default=None,
        description="Bandwidth tier; without one the lab does not limit the link.",
    )
    bgp_configuration: BgpConfiguration = Field(description="The BGP session inside the tunnel.")
    redundancy_configuration: RedundancyConfiguration = Field(
        default_factory=RedundancyConfiguration, description="One tunnel (default) or two."
    )
    tunnel_configuration: TunnelConfiguration = Field(
        default_factory=TunnelIkeV2Default,
        description="Key and IPsec/IKE policy; without algorithms the default policy.",
    )

    @field_validator("redundancy_configuration")
    @classmethod
    def _zone_address_is_a_third(
        cls, value: RedundancyConfiguration, info: ValidationInfo
    ) -> RedundancyConfiguration:
        bgp: BgpConfiguration | None = info.data.get("bgp_configuration")
        zone = value.zone_local_ip_address
        if bgp and zone in (bgp.local_ip_address, bgp.peer_ip_address):
            same = "localIpAddress" if zone == bgp.local_ip_address else "peerIpAddress"
            rule = f"zoneLocalIpAddress differs from localIpAddress and peerIpAddress; it equals {same}"
            fix = "write a third address, for example 10.2.0.5"
            raise broken(rule, fix, at="zoneLocalIpAddress", saw=str(zone))
        return value

    @property
    def is_zone_redundant(self) -> bool:
        """Whether the link has two tunnels."""
        return self.redundancy_configuration.redundancy_tier is RedundancyTier.ZONE


class Association(GraphModel):
    """A remote network that a profile is associated with (``associatedBranch``)."""

    branch_id: str | None = Field(default=None, description="GUID of the remote network.")


class ForwardingProfile(GraphModel):
    """A traffic forwarding profile, or a reference to one by ``id``."""

    graph_members: ClassVar[frozenset[str]] = frozenset(
        {
            "assignmentRules",
            "clientFallbackAction",
            "description",
            "isCustomProfile",
            "lastModifiedDateTime",
            "localNetworkSettings",
            "policies",
            "priority",
            "servicePrincipal",
            "version",
        }
    )

    id: Name | None = Field(default=None, description="GUID of the profile.")
    name: Name | None = Field(default=None, description="Name of the profile; a label.")
    traffic_forwarding_type: (
        Annotated[TrafficForwardingType, one_of(TrafficForwardingType, "traffic forwarding type")] | None
    ) = Field(default=None, description="m365, internet or private; private needs the client.")
    state: Annotated[ProfileState, one_of(ProfileState, "profile state")] | None = Field(
        default=None, description="A disabled profile advertises nothing. Left out: enabled."
    )
    associations: tuple[Association, ...] = Field(
        default=(), description="Remote networks that the profile is associated with, as Graph exports them."
    )

    @property
    def is_enabled(self) -> bool:
        """Whether the profile is in force; without a state it is."""
        return self.state is not ProfileState.DISABLED


SHORT_PROFILES = {
    "microsoft": TrafficForwardingType.MICROSOFT,
    "internet": TrafficForwardingType.INTERNET,
}
"""Short names of the profiles that a remote network may have, for hand-written files."""


def _profile(value: Any) -> Any:  # noqa: ANN401  (any JSON value passes through)
    if isinstance(value, str):
        if value not in SHORT_PROFILES:
            fix = "write one of them, or an object of Graph"
            raise broken("a traffic profile has the short name microsoft or internet", fix)
        return {"trafficForwardingType": SHORT_PROFILES[value]}
    return value


class RemoteNetwork(GraphModel):
    """One site: up to four device links and the traffic profiles associated with it."""

    graph_members: ClassVar[frozenset[str]] = frozenset(
        {
            "bandwidthCapacity",
            "connectivityState",
            "country",
            "headquarterTopology",
            "lastModifiedDateTime",
            "version",
        }
    )

    id: Name | None = Field(default=None, description="GUID; made from the name when left out.")
    name: Name = Field(description="Name of the remote network.", examples=["branch1"])
    region: Annotated[Region, one_of(Region, "region")] = Field(
        description="Azure region of the endpoint; a label in the lab.", examples=["westEurope"]
    )
    device_links: tuple[DeviceLink, ...] = Field(default=(), description="The CPEs; at most four.")
    forwarding_profiles: tuple[
        Annotated[ForwardingProfile, BeforeValidator(_profile), AlsoWritten(tuple(SHORT_PROFILES))], ...
    ] = Field(
        default=(),
        description="Associated traffic profiles; only their traffic is carried.",
    )
    connectivity_configuration: ConnectivityConfiguration | None = Field(
        default=None,
        description="View configuration of this remote network; pins the endpoints of its links.",
    )
