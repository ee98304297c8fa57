"""Diffie-Hellman on elliptic curves: groups 19 to 21 (RFC 5903) and 31, Curve25519 (RFC 8031)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from ike.constants import DhGroup
from ike.crypto.errors import InvalidPublicKey

_EXTRA_OCTETS = 8
"""Random octets beyond the size of the order: the bias of the reduction is below 2^-64 (FIPS 186-5 A.2.1)."""
_UNCOMPRESSED = b"\x04"
_X25519_OCTETS = 32


@dataclass(frozen=True)
class _Curve:
    """A curve of RFC 5903: the order of its base point and the octets of one coordinate."""

    curve: ec.EllipticCurve
    order: int
    octets: int


_CURVES = {
    DhGroup.ECP_256: _Curve(
        ec.SECP256R1(), 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551, 32
    ),
    DhGroup.ECP_384: _Curve(
        ec.SECP384R1(),
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
        48,
    ),
    DhGroup.ECP_521: _Curve(
        ec.SECP521R1(),
        0x01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409,
        66,
    ),
}

GROUPS = frozenset(_CURVES) | {DhGroup.CURVE25519}
"""The groups of this module."""


def public_length(group: DhGroup) -> int:
    """Octets of the key exchange data: both coordinates, or one for Curve25519."""
    return 2 * _CURVES[group].octets if group in _CURVES else _X25519_OCTETS


@dataclass(frozen=True)
class EcpKey:
    """A key of one exchange; see ``ike.crypto.dh.DhKey``. Public values are x | y (RFC 5903 section 7)."""

    group: DhGroup
    public: bytes
    private: ec.EllipticCurvePrivateKey = field(repr=False)

    def shared(self, peer_public: bytes) -> bytes:
        """The x coordinate of the common point (RFC 5903 section 7)."""
        _check_length(self.group, peer_public)
        try:
            # Rejects points off the curve; the point at infinity has no such encoding.
            point = ec.EllipticCurvePublicKey.from_encoded_point(
                _CURVES[self.group].curve, _UNCOMPRESSED + peer_public
            )
        except ValueError as error:
            raise InvalidPublicKey(f"{self.group.name}: the point is not on the curve") from error
        return self.private.exchange(ec.ECDH(), point)


@dataclass(frozen=True)
class X25519Key:
    """A key of one exchange; see ``ike.crypto.dh.DhKey``."""

    public: bytes
    private: X25519PrivateKey = field(repr=False)
    group: DhGroup = DhGroup.CURVE25519

    def shared(self, peer_public: bytes) -> bytes:
        """The 32 octets of RFC 7748; an all-zero result is refused (RFC 7748 section 6.1)."""
        _check_length(self.group, peer_public)
        try:
            return self.private.exchange(X25519PublicKey.from_public_bytes(peer_public))
        except ValueError as error:
            raise InvalidPublicKey(f"{self.group.name}: the public value is a point of low order") from error


def generate(group: DhGroup, random: Callable[[int], bytes]) -> EcpKey | X25519Key:
    """A new key of one of ``GROUPS``."""
    if group is DhGroup.CURVE25519:
        scalar = X25519PrivateKey.from_private_bytes(random(_X25519_OCTETS))
        return X25519Key(scalar.public_key().public_bytes_raw(), scalar)
    curve = _CURVES[group]
    value = int.from_bytes(random(curve.octets + _EXTRA_OCTETS), "big") % (curve.order - 1) + 1
    private = ec.derive_private_key(value, curve.curve)
    numbers = private.public_key().public_numbers()
    public = numbers.x.to_bytes(curve.octets, "big") + numbers.y.to_bytes(curve.octets, "big")
    return EcpKey(group, public, private)


def _check_length(group: DhGroup, data: bytes) -> None:
    if len(data) != public_length(group):
        raise InvalidPublicKey(
            f"{group.name}: key exchange data of {len(data)} octets, {public_length(group)} expected"
        )
