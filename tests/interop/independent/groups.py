"""Diffie-Hellman for the independent initiator: MODP by plain ``pow``, curves by ``cryptography``.

Sources: RFC 3526 section 3 (group 14), RFC 5114 section 2.3 (group 24), RFC 5903 (19, 20), RFC 8031 (31).
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MODP_2048, ECP_256, ECP_384, MODP_2048_256, CURVE25519 = 14, 19, 20, 24, 31

P14 = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AACAA68FFFFFFFFFFFFFFFF",
    16,
)
G14 = 2
P24 = int(
    "87A8E61DB4B6663CFFBBD19C651959998CEEF608660DD0F25D2CEED4435E3B00E00DF8F1D61957D4FAF7DF4561B2AA30"
    "16C3D91134096FAA3BF4296D830E9A7C209E0C6497517ABD5A8A9D306BCF67ED91F9E6725B4758C022E0B1EF4275BF7B"
    "6C5BFC11D45F9088B941F54EB1E59BB8BC39A0BF12307F5C4FDB70C581B23F76B63ACAE1CAA6B7902D52526735488A0E"
    "F13C6D9A51BFA4AB3AD8347796524D8EF6A167B5A41825D967E144E5140564251CCACB83E6B486F6B3CA3F7971506026"
    "C0B857F689962856DED4010ABD0BE621C3A3960A54E710C375F26375D7014103A4B54330C198AF126116D2276E11715F"
    "693877FAD7EF09CADB094AE91E1A1597",
    16,
)
G24 = int(
    "3FB32C9B73134D0B2E77506660EDBD484CA7B18F21EF205407F4793A1A0BA12510DBC15077BE463FFF4FED4AAC0BB555"
    "BE3A6C1B0C6B47B1BC3773BF7E8C6F62901228F8C28CBB18A55AE31341000A650196F931C77A57F2DDF463E5E9EC144B"
    "777DE62AAAB8A8628AC376D282D6ED3864E67982428EBC831D14348F6F2F9193B5045AF2767164E1DFC967C1FB3F2E55"
    "A4BD1BFFE83B9C80D052B985D182EA0ADB2A3B7313D3FE14C8484B1E052588B9B7D2BBD2DF016199ECD06E1557CD0915"
    "B3353BBB64E0EC377FD028370DF92B52C7891428CDC67EB6184B523D1DB246C32F63078490F00EF8D647D148D4795451"
    "5E2327CFEF98C582664B4C0F6CC41659",
    16,
)
Q24 = int("8CF83642A709A097B447997640129DA299B1A47D1EB3750BA308B0FE64F5FBD3", 16)

MODP_OCTETS = 256
_UNCOMPRESSED = b"\x04"
_CURVES: dict[int, ec.EllipticCurve] = {ECP_256: ec.SECP256R1(), ECP_384: ec.SECP384R1()}


@dataclass(frozen=True)
class Exchange:
    """One side of an exchange.

    Args:
        group: IANA number.
        public: What the KE payload carries.
        shared: The shared secret from the other side's public value.
    """

    group: int
    public: bytes
    shared: Callable[[bytes], bytes]


def exchange(group: int) -> Exchange:
    """A fresh key in one of the groups above."""
    if group in {MODP_2048, MODP_2048_256}:
        prime, generator = (P14, G14) if group == MODP_2048 else (P24, G24)
        return _modp(group, prime, generator)
    return _x25519() if group == CURVE25519 else _ecp(group)


def _modp(group: int, prime: int, generator: int) -> Exchange:
    secret = secrets.randbits(256) | 1 << 255

    def shared(public: bytes) -> bytes:
        return pow(int.from_bytes(public, "big"), secret, prime).to_bytes(MODP_OCTETS, "big")

    return Exchange(group, pow(generator, secret, prime).to_bytes(MODP_OCTETS, "big"), shared)


def _ecp(group: int) -> Exchange:
    """X and y of the point, without the octet that SEC 1 puts in front (RFC 5903 section 7)."""
    curve = _CURVES[group]
    key = ec.generate_private_key(curve)

    def shared(public: bytes) -> bytes:
        point = ec.EllipticCurvePublicKey.from_encoded_point(curve, _UNCOMPRESSED + public)
        return key.exchange(ec.ECDH(), point)

    public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return Exchange(group, public[1:], shared)


def _x25519() -> Exchange:
    key = X25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return Exchange(CURVE25519, public, lambda peer: key.exchange(X25519PublicKey.from_public_bytes(peer)))
