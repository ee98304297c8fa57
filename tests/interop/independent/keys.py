"""Key schedule and AUTH of the independent initiator (RFC 7296 sections 2.13 to 2.17)."""

import hashlib
import hmac
from dataclasses import dataclass, fields

PRF_HASH = {5: "sha256", 6: "sha384", 7: "sha512"}
"""HMAC-SHA2 PRFs by their IANA number."""
KEY_PAD = b"Key Pad for IKEv2"


def prf(number: int, key: bytes, data: bytes) -> bytes:
    """The pseudorandom function of a number."""
    return hmac.digest(key, data, PRF_HASH[number])


def prf_length(number: int) -> int:
    """Octets of the PRF's output, which is also its preferred key size."""
    return hashlib.new(PRF_HASH[number]).digest_size


def prf_plus(number: int, key: bytes, seed: bytes, length: int) -> bytes:
    """prf+(key, seed) (section 2.13)."""
    stream = block = b""
    count = 0
    while len(stream) < length:
        count += 1
        block = prf(number, key, block + seed + bytes([count]))
        stream += block
    return stream[:length]


@dataclass(frozen=True)
class IkeKeys:
    """The seven keys of an IKE SA, named and ordered as in section 2.14."""

    SK_d: bytes
    SK_ai: bytes
    SK_ar: bytes
    SK_ei: bytes
    SK_er: bytes
    SK_pi: bytes
    SK_pr: bytes


def ike_keys(
    number: int, skeyseed: bytes, seed: bytes, *, encryption_octets: int, integrity_octets: int
) -> IkeKeys:
    """Cut prf+(SKEYSEED, Ni | Nr | SPIi | SPIr) into the keys (section 2.14).

    Args:
        number: The PRF.
        skeyseed: As section 2.14, or for a rekeyed IKE SA section 2.18, says.
        seed: Ni | Nr | SPIi | SPIr.
        encryption_octets: Of one encryption key, with its salt (RFC 5282 section 7.1).
        integrity_octets: Of one integrity key; 0 with an AEAD.
    """
    own = prf_length(number)
    lengths = [own, *[integrity_octets] * 2, *[encryption_octets] * 2, own, own]
    stream = prf_plus(number, skeyseed, seed, sum(lengths))
    cut = [stream[sum(lengths[:i]) : sum(lengths[: i + 1])] for i in range(len(lengths))]
    return IkeKeys(**dict(zip((f.name for f in fields(IkeKeys)), cut, strict=True)))


def shared_key_auth(
    number: int, psk: bytes, *, message: bytes, nonce: bytes, key: bytes, identity: bytes
) -> bytes:
    """The AUTH data of a pre-shared key (section 2.15).

    Args:
        number: The PRF.
        psk: The pre-shared key.
        message: The signer's own IKE_SA_INIT message, all octets.
        nonce: The other side's nonce.
        key: SK_pi or SK_pr.
        identity: The ID payload without its generic header.
    """
    signed = message + nonce + prf(number, key, identity)
    return prf(number, prf(number, psk, KEY_PAD), signed)
