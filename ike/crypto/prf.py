"""Pseudorandom functions and prf+ (RFC 7296 sections 2.13 and 2.14, RFC 4868 for HMAC-SHA2)."""

import hashlib
import hmac

from ike.constants import Prf

_HASHES = {
    Prf.HMAC_SHA1: "sha1",
    Prf.HMAC_SHA2_256: "sha256",
    Prf.HMAC_SHA2_384: "sha384",
    Prf.HMAC_SHA2_512: "sha512",
}
_MAX_BLOCKS = 255

SUPPORTED_PRFS = frozenset(_HASHES)
"""The PRFs implemented here; the functions below take no other."""


def prf(prf_id: Prf, key: bytes, data: bytes) -> bytes:
    """One application of the PRF; a key of any length will do, since all are HMACs."""
    return hmac.digest(key, data, _HASHES[prf_id])


def prf_key_length(prf_id: Prf) -> int:
    """Octets of a derived key for this PRF, which equal those of its output (RFC 7296 section 2.13)."""
    return hashlib.new(_HASHES[prf_id], usedforsecurity=False).digest_size


def prf_plus(prf_id: Prf, key: bytes, seed: bytes, length: int) -> bytes:
    """The first ``length`` octets of prf+(key, seed) = T1 | T2 | ... (RFC 7296 section 2.13).

    Raises:
        ValueError: More than 255 blocks are asked for; the block counter is one octet.
    """
    blocks = -(-length // prf_key_length(prf_id))
    if blocks > _MAX_BLOCKS:
        raise ValueError(f"prf+ of {length} octets: at most {_MAX_BLOCKS * prf_key_length(prf_id)}")
    output, block = b"", b""
    for counter in range(1, blocks + 1):
        block = prf(prf_id, key, block + seed + bytes((counter,)))
        output += block
    return output[:length]
