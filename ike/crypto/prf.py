"""Pseudorandom functions and prf+ (RFC 7296 sections 2.13 and 2.14, RFC 4868 for HMAC-SHA2)."""

import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from ike.constants import Prf

_HASHES: dict[Prf, hashes.HashAlgorithm] = {
    Prf.HMAC_SHA1: hashes.SHA1(),  # noqa: S303 - sound in an HMAC, and what some CPEs offer
    Prf.HMAC_SHA2_256: hashes.SHA256(),
    Prf.HMAC_SHA2_384: hashes.SHA384(),
    Prf.HMAC_SHA2_512: hashes.SHA512(),
}
_MAX_BLOCKS = 255

SUPPORTED_PRFS = frozenset(_HASHES)
"""The PRFs implemented here; the functions below take no other."""


def prf(prf_id: Prf, key: bytes, data: bytes) -> bytes:
    """One application of the PRF; a key of any length will do, since all are HMACs."""
    return hmac.digest(key, data, _HASHES[prf_id].name)


def prf_key_length(prf_id: Prf) -> int:
    """Octets of a derived key for this PRF, which equal those of its output (RFC 7296 section 2.13)."""
    return _HASHES[prf_id].digest_size


def prf_plus(prf_id: Prf, key: bytes, seed: bytes, length: int) -> bytes:
    """The first ``length`` octets of prf+(key, seed) = T1 | T2 | ... (RFC 7296 section 2.13).

    With an HMAC that is HKDF-Expand (RFC 5869 section 2.3).

    Raises:
        ValueError: More than 255 blocks are asked for; the block counter is one octet.
    """
    most = _MAX_BLOCKS * prf_key_length(prf_id)
    if length > most:
        raise ValueError(f"prf+ of {length} octets: at most {most}")
    return HKDFExpand(_HASHES[prf_id], length, seed).derive(key)
