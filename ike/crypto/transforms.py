"""Which transforms are implemented, and how long their keys are.

Any transform may be asked about: one that is unknown here is not supported, never an error.
"""

from ike.constants import DhGroup, Encr, Esn, Integ, ProtocolId, TransformType
from ike.crypto.dh import SUPPORTED_GROUPS
from ike.crypto.prf import SUPPORTED_PRFS
from ike.proposal import Transform

SALT_LENGTH = 4
"""Octets of the salt at the end of an AES-GCM key (RFC 4106 section 8.1, RFC 5282 section 7.1)."""

INTEG_KEY_LENGTHS: dict[int, int] = {
    Integ.NONE: 0,
    Integ.HMAC_SHA1_96: 20,
    Integ.HMAC_SHA2_256_128: 32,
    Integ.HMAC_SHA2_384_192: 48,
    Integ.HMAC_SHA2_512_256: 64,
}
"""Octets of the keys of the integrity algorithms (RFC 2404, RFC 4868)."""

_AES_KEY_BITS = (128, 192, 256)
_ENCR = {
    ProtocolId.IKE: frozenset({Encr.AES_GCM_16, Encr.AES_CBC}),
    ProtocolId.ESP: frozenset({Encr.AES_GCM_16, Encr.NULL}),
}
_INTEG = {
    ProtocolId.IKE: frozenset(INTEG_KEY_LENGTHS),
    ProtocolId.ESP: frozenset({Integ.NONE, Integ.HMAC_SHA2_256_128}),
}


def supported(transform: Transform, protocol: ProtocolId | None = None) -> bool:
    """Whether the transform is implemented.

    Args:
        transform: Any transform, known or not.
        protocol: IKE or ESP: in SAs of this protocol; None: in either. ESP has no AES_CBC here, IKE no NULL.
    """
    if transform.other_attributes:
        return False
    protocols = (ProtocolId.IKE, ProtocolId.ESP) if protocol is None else (protocol,)
    if transform.type == TransformType.ENCR:
        known = any(transform.id in _ENCR.get(p, ()) for p in protocols)
        return known and (
            transform.key_bits is None if transform.id == Encr.NULL else transform.key_bits in _AES_KEY_BITS
        )
    if transform.key_bits is not None:
        return False
    if transform.type == TransformType.INTEG:
        return any(transform.id in _INTEG.get(p, ()) for p in protocols)
    return transform.id in _ANY_PROTOCOL.get(transform.type, ())


_ANY_PROTOCOL: dict[int, frozenset[int]] = {
    TransformType.PRF: frozenset(SUPPORTED_PRFS),
    TransformType.DH: frozenset(SUPPORTED_GROUPS | {DhGroup.NONE}),
    TransformType.ESN: frozenset(Esn),
}


def encr_key_length(encr: Transform) -> int:
    """Octets of key material of a supported encryption transform, the salt of an AEAD included."""
    return (encr.key_bits or 0) // 8 + (SALT_LENGTH if encr.id == Encr.AES_GCM_16 else 0)


def integ_key_length(integ: Transform | None) -> int:
    """Octets of key material of a supported integrity transform; 0 without one."""
    return 0 if integ is None else INTEG_KEY_LENGTHS[integ.id]
