"""From a device link's IPsec/IKE policy to the suites that the IKE responder accepts.

The documentation never names a PRF; it is the hash of the integrity value. DHGroup2048 and PFS2048 are other
names of group 14, as on Azure VPN gateways.
"""

from dataclasses import dataclass

from gateway.model.enums import (
    DhGroupName,
    IkeEncryption,
    IkeIntegrity,
    IpSecEncryption,
    PfsGroup,
)
from gateway.model.resources import TunnelIkeV2Custom, TunnelIkeV2Default
from ike.constants import DhGroup, Encr, Esn, Integ, Prf, ProtocolId, TransformType
from ike.proposal import Suite, Transform, alternatives, encr


@dataclass(frozen=True, kw_only=True)
class IkePolicy:
    """What a device link accepts.

    Args:
        ike_suites: Phase 1 combinations; empty when the policy has no meaning in IKEv2.
        esp_suites: Phase 2 combinations, without a DH group.
        pfs_groups: Groups required at a CHILD SA rekey; empty: none may be offered.
        pfs_same_as_ike: Require the group of the IKE SA instead (PFSMM).
        child_lifetime: Lifetime of the CHILD SA in seconds; None with the default policy.
    """

    ike_suites: tuple[Suite, ...]
    esp_suites: tuple[Suite, ...]
    pfs_groups: tuple[DhGroup, ...] = ()
    pfs_same_as_ike: bool = False
    child_lifetime: int | None = None


def policy(tunnel: TunnelIkeV2Default | TunnelIkeV2Custom, *, legacy: bool = False) -> IkePolicy:
    """The policy of a tunnel configuration.

    Args:
        tunnel: The link's tunnel configuration.
        legacy: Add AES256/SHA256/DHGroup2 of the 2023 preview to the default policy.
    """
    if isinstance(tunnel, TunnelIkeV2Custom):
        return _custom(tunnel)
    ike = _DEFAULT_IKE + ((_LEGACY_IKE,) if legacy else ())
    return IkePolicy(ike_suites=ike, esp_suites=_DEFAULT_ESP)


DH_GROUPS = {
    DhGroupName.DH_GROUP_14: DhGroup.MODP_2048,
    DhGroupName.DH_GROUP_2048: DhGroup.MODP_2048,
    DhGroupName.DH_GROUP_24: DhGroup.MODP_2048_256,
    DhGroupName.ECP_256: DhGroup.ECP_256,
    DhGroupName.ECP_384: DhGroup.ECP_384,
}
"""The IANA group of each DH group name."""

PFS_GROUPS = {
    PfsGroup.PFS_1: DhGroup.MODP_768,
    PfsGroup.PFS_2: DhGroup.MODP_1024,
    PfsGroup.PFS_14: DhGroup.MODP_2048,
    PfsGroup.PFS_2048: DhGroup.MODP_2048,
    PfsGroup.PFS_24: DhGroup.MODP_2048_256,
    PfsGroup.ECP_256: DhGroup.ECP_256,
    PfsGroup.ECP_384: DhGroup.ECP_384,
}
"""The IANA group of each PFS group name but ``none`` and ``pfsmm``."""

_IKE_CIPHERS = {
    IkeEncryption.AES_128: encr(Encr.AES_CBC, 128),
    IkeEncryption.AES_192: encr(Encr.AES_CBC, 192),
    IkeEncryption.AES_256: encr(Encr.AES_CBC, 256),
    IkeEncryption.GCM_AES_128: encr(Encr.AES_GCM_16, 128),
    IkeEncryption.GCM_AES_256: encr(Encr.AES_GCM_16, 256),
}
_HASHES = {
    IkeIntegrity.SHA_256: (Integ.HMAC_SHA2_256_128, Prf.HMAC_SHA2_256),
    IkeIntegrity.SHA_384: (Integ.HMAC_SHA2_384_192, Prf.HMAC_SHA2_384),
}


def ike_suite(name: str, encryption: IkeEncryption, integrity: IkeIntegrity, group: DhGroup) -> Suite | None:
    """A phase 1 combination; None for AES-CBC with a GCM integrity, which IKEv2 cannot express.

    AES-GCM with a GCM integrity names no PRF: HMAC-SHA2-384 and HMAC-SHA2-256 are both accepted.
    """
    cipher = _IKE_CIPHERS[encryption]
    hashes = _HASHES.get(integrity)
    dh = alternatives(TransformType.DH, [group])
    if Encr(cipher.id).is_aead:
        prfs = [hashes[1]] if hashes else [Prf.HMAC_SHA2_384, Prf.HMAC_SHA2_256]
        transforms = {
            TransformType.ENCR: (cipher,),
            TransformType.PRF: alternatives(TransformType.PRF, prfs),
            TransformType.DH: dh,
        }
    elif hashes:
        transforms = {
            TransformType.ENCR: (cipher,),
            TransformType.PRF: alternatives(TransformType.PRF, [hashes[1]]),
            TransformType.INTEG: alternatives(TransformType.INTEG, [hashes[0]]),
            TransformType.DH: dh,
        }
    else:
        return None
    return Suite(name, ProtocolId.IKE, transforms)


def esp_suite(name: str, encryption: IpSecEncryption) -> Suite:
    """A phase 2 combination: AES-GCM, or NULL encryption with HMAC-SHA2-256; with or without ESN."""
    transforms: dict[TransformType, tuple[Transform, ...]]
    if encryption is IpSecEncryption.NONE:
        transforms = {
            TransformType.ENCR: (encr(Encr.NULL),),
            TransformType.INTEG: alternatives(TransformType.INTEG, [Integ.HMAC_SHA2_256_128]),
        }
    else:
        key_bits = int(encryption.removeprefix("gcmAes"))
        transforms = {TransformType.ENCR: (encr(Encr.AES_GCM_16, key_bits),)}
    transforms[TransformType.ESN] = alternatives(TransformType.ESN, [Esn.NO_ESN, Esn.ESN])
    return Suite(name, ProtocolId.ESP, transforms)


def _default_ike() -> tuple[Suite, ...]:
    """The eight phase 1 combinations, in the order of the documentation."""
    columns = (
        (IkeEncryption.GCM_AES_256, IkeIntegrity.SHA_384),
        (IkeEncryption.GCM_AES_128, IkeIntegrity.SHA_256),
        (IkeEncryption.AES_256, IkeIntegrity.SHA_384),
        (IkeEncryption.AES_128, IkeIntegrity.SHA_256),
    )
    combinations = [
        (*column, group) for group in (DhGroup.MODP_2048_256, DhGroup.MODP_2048) for column in columns
    ]
    named = (
        ike_suite(f"default phase 1 combination {number}", *combination)
        for number, combination in enumerate(combinations, 1)
    )
    return tuple(suite for suite in named if suite)


_DEFAULT_IKE = _default_ike()
_DEFAULT_ESP = tuple(
    esp_suite(f"default phase 2 combination {number}", encryption)
    for number, encryption in enumerate(
        (IpSecEncryption.GCM_AES_256, IpSecEncryption.GCM_AES_192, IpSecEncryption.GCM_AES_128), 1
    )
)
_LEGACY_IKE = Suite(
    "legacy combination AES256/SHA256/DHGroup2",
    ProtocolId.IKE,
    {
        TransformType.ENCR: (encr(Encr.AES_CBC, 256),),
        TransformType.PRF: alternatives(TransformType.PRF, [Prf.HMAC_SHA2_256]),
        TransformType.INTEG: alternatives(TransformType.INTEG, [Integ.HMAC_SHA2_256_128]),
        TransformType.DH: alternatives(TransformType.DH, [DhGroup.MODP_1024]),
    },
)


def _custom(tunnel: TunnelIkeV2Custom) -> IkePolicy:
    group = DH_GROUPS[tunnel.dh_group]
    ike = ike_suite("custom phase 1", tunnel.ike_encryption, tunnel.ike_integrity, group)
    pfs = PFS_GROUPS.get(tunnel.pfs_group)
    return IkePolicy(
        ike_suites=(ike,) if ike else (),
        esp_suites=(esp_suite("custom phase 2", tunnel.ip_sec_encryption),),
        pfs_groups=(pfs,) if pfs else (),
        pfs_same_as_ike=tunnel.pfs_group is PfsGroup.PFS_MM,
        child_lifetime=tunnel.sa_life_time_seconds,
    )
