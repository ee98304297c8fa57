"""The enumerations of Microsoft Graph's networkaccess namespace, as a remote network uses them.

Each enum of Graph also has ``unknownFutureValue``, a placeholder that stands for no value; it is refused.
"""

from enum import StrEnum


class Region(StrEnum):
    """Where the remote network's endpoint is; a label in the lab."""

    AUSTRALIA_EAST = "australiaEast"
    AUSTRALIA_SOUTH_EAST = "australiaSouthEast"
    BRAZIL_SOUTH = "brazilSouth"
    CANADA_CENTRAL = "canadaCentral"
    CANADA_EAST = "canadaEast"
    CENTRAL_INDIA = "centralIndia"
    CENTRAL_US = "centralUS"
    EAST_US = "eastUS"
    EAST_US_2 = "eastUS2"
    FRANCE_CENTRAL = "franceCentral"
    FRANCE_SOUTH = "franceSouth"
    GERMANY_WEST_CENTRAL = "germanyWestCentral"
    ISRAEL_CENTRAL = "israelCentral"
    ITALY_NORTH = "italyNorth"
    JAPAN_EAST = "japanEast"
    JAPAN_WEST = "japanWest"
    KOREA_CENTRAL = "koreaCentral"
    KOREA_SOUTH = "koreaSouth"
    NORTH_CENTRAL_US = "northCentralUS"
    NORTH_EUROPE = "northEurope"
    POLAND_CENTRAL = "polandCentral"
    SOUTH_AFRICA_NORTH = "southAfricaNorth"
    SOUTH_AFRICA_WEST = "southAfricaWest"
    SOUTH_CENTRAL_US = "southCentralUS"
    SOUTH_EAST_ASIA = "southEastAsia"
    SOUTH_INDIA = "southIndia"
    SWEDEN_CENTRAL = "swedenCentral"
    SWITZERLAND_NORTH = "switzerlandNorth"
    UAE_NORTH = "uaeNorth"
    UK_SOUTH = "ukSouth"
    WEST_CENTRAL_US = "westCentralUS"
    WEST_EUROPE = "westEurope"
    WEST_US = "westUS"
    WEST_US_2 = "westUS2"
    WEST_US_3 = "westUS3"


class DeviceVendor(StrEnum):
    """Who made the CPE; a label, nothing depends on it."""

    BARRACUDA_NETWORKS = "barracudaNetworks"
    CHECK_POINT = "checkPoint"
    CISCO_MERAKI = "ciscoMeraki"
    CITRIX = "citrix"
    FORTINET = "fortinet"
    HPE_ARUBA = "hpeAruba"
    NET_FOUNDRY = "netFoundry"
    NUAGE = "nuage"
    OPEN_SYSTEMS = "openSystems"
    PALO_ALTO_NETWORKS = "paloAltoNetworks"
    RIVERBED_TECHNOLOGY = "riverbedTechnology"
    SILVER_PEAK = "silverPeak"
    VMWARE_SD_WAN = "vmWareSdWan"
    VERSA = "versa"
    OTHER = "other"


class BandwidthCapacity(StrEnum):
    """Bandwidth tiers of a device link."""

    MBPS_250 = "mbps250"
    MBPS_500 = "mbps500"
    MBPS_750 = "mbps750"
    MBPS_1000 = "mbps1000"

    @property
    def mbps(self) -> int:
        """The tier in Mbit/s."""
        return int(self.removeprefix("mbps"))


class RedundancyTier(StrEnum):
    """One tunnel, or two to different zones of the region."""

    NONE = "noRedundancy"
    ZONE = "zoneRedundancy"


class IkeEncryption(StrEnum):
    """Phase 1 encryption of a custom policy."""

    AES_128 = "aes128"
    AES_192 = "aes192"
    AES_256 = "aes256"
    GCM_AES_128 = "gcmAes128"
    GCM_AES_256 = "gcmAes256"


class IkeIntegrity(StrEnum):
    """Phase 1 integrity of a custom policy; with AES-GCM encryption it names the PRF."""

    SHA_256 = "sha256"
    SHA_384 = "sha384"
    GCM_AES_128 = "gcmAes128"
    GCM_AES_256 = "gcmAes256"


class DhGroupName(StrEnum):
    """Diffie-Hellman group of a custom policy."""

    DH_GROUP_14 = "dhGroup14"
    DH_GROUP_24 = "dhGroup24"
    DH_GROUP_2048 = "dhGroup2048"
    ECP_256 = "ecp256"
    ECP_384 = "ecp384"


class IpSecEncryption(StrEnum):
    """Phase 2 encryption of a custom policy."""

    NONE = "none"
    GCM_AES_128 = "gcmAes128"
    GCM_AES_192 = "gcmAes192"
    GCM_AES_256 = "gcmAes256"


class IpSecIntegrity(StrEnum):
    """Phase 2 integrity of a custom policy."""

    GCM_AES_128 = "gcmAes128"
    GCM_AES_192 = "gcmAes192"
    GCM_AES_256 = "gcmAes256"
    SHA_256 = "sha256"


class PfsGroup(StrEnum):
    """Diffie-Hellman group of a CHILD SA rekey in a custom policy."""

    NONE = "none"
    PFS_1 = "pfs1"
    PFS_2 = "pfs2"
    PFS_14 = "pfs14"
    PFS_24 = "pfs24"
    PFS_2048 = "pfs2048"
    PFS_MM = "pfsmm"
    ECP_256 = "ecp256"
    ECP_384 = "ecp384"


class TrafficForwardingType(StrEnum):
    """The traffic that a forwarding profile acquires."""

    MICROSOFT = "m365"
    INTERNET = "internet"
    PRIVATE = "private"


class ProfileState(StrEnum):
    """Whether a forwarding profile is in force."""

    ENABLED = "enabled"
    DISABLED = "disabled"
