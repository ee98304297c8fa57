"""The key schedule (RFC 7296 sections 2.14, 2.17 and 2.18).

SKEYSEED           = prf(Ni | Nr, g^ir)                    a new IKE SA
                   = prf(SK_d (old), g^ir (new) | Ni | Nr)   a rekeyed one, with the PRF of the old
SK_d | SK_ai | ... = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr)
KEYMAT             = prf+(SK_d, g^ir (new, with PFS) | Ni | Nr)
"""

import itertools
from dataclasses import dataclass, field

from ike.constants import Prf
from ike.crypto.prf import prf, prf_key_length, prf_plus
from ike.crypto.transforms import encr_key_length, integ_key_length
from ike.proposal import Transform


@dataclass(frozen=True, kw_only=True)
class IkeKeys:
    """The seven keys of an IKE SA; i and r stand for its original initiator and responder.

    Args:
        SK_d: Derives the keys of CHILD SAs and of the IKE SA that replaces this one.
        SK_ai: Integrity of messages from the initiator; empty with an AEAD.
        SK_ar: Integrity of messages from the responder.
        SK_ei: Encryption of messages from the initiator; with an AEAD the salt stands at the end.
        SK_er: Encryption of messages from the responder.
        SK_pi: Goes into the initiator's AUTH payload.
        SK_pr: Goes into the responder's AUTH payload.
    """

    SK_d: bytes = field(repr=False)
    SK_ai: bytes = field(repr=False)
    SK_ar: bytes = field(repr=False)
    SK_ei: bytes = field(repr=False)
    SK_er: bytes = field(repr=False)
    SK_pi: bytes = field(repr=False)
    SK_pr: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ChildKeys:
    """The keys of the two SAs of a CHILD SA; the initiator is the one of the exchange that made it.

    Args:
        encr_i: Encryption of packets from the initiator; with an AEAD the salt stands at the end.
        integ_i: Integrity of packets from the initiator; empty with an AEAD.
        encr_r: Encryption of packets from the responder.
        integ_r: Integrity of packets from the responder.
    """

    encr_i: bytes = field(repr=False)
    integ_i: bytes = field(repr=False)
    encr_r: bytes = field(repr=False)
    integ_r: bytes = field(repr=False)


def skeyseed(prf_id: Prf, nonce_i: bytes, nonce_r: bytes, shared: bytes) -> bytes:
    """SKEYSEED of a new IKE SA; ``shared`` is g^ir (section 2.14)."""
    return prf(prf_id, nonce_i + nonce_r, shared)


def skeyseed_rekeyed(
    old_prf_id: Prf, old_sk_d: bytes, nonce_i: bytes, nonce_r: bytes, shared: bytes
) -> bytes:
    """SKEYSEED of an IKE SA that replaces another, with the PRF and SK_d of the old one (section 2.18)."""
    return prf(old_prf_id, old_sk_d, shared + nonce_i + nonce_r)


def ike_keys(
    seed: bytes,
    *,
    prf_id: Prf,
    encr: Transform,
    integ: Transform | None,
    nonces: tuple[bytes, bytes],
    spis: tuple[bytes, bytes],
) -> IkeKeys:
    """The keys of an IKE SA from its SKEYSEED (section 2.14).

    Args:
        seed: SKEYSEED.
        prf_id: The PRF negotiated for this IKE SA, on a rekey the new one.
        encr: Its encryption transform.
        integ: Its integrity transform; None with an AEAD.
        nonces: Ni and Nr.
        spis: SPIi and SPIr, 8 octets each, on a rekey those of the new IKE SA.
    """
    p, a, e = prf_key_length(prf_id), integ_key_length(integ), encr_key_length(encr)
    names = ("SK_d", "SK_ai", "SK_ar", "SK_ei", "SK_er", "SK_pi", "SK_pr")
    parts = _derive(prf_id, seed, b"".join(nonces + spis), (p, a, a, e, e, p, p))
    return IkeKeys(**dict(zip(names, parts, strict=True)))


def child_keys(
    prf_id: Prf,
    sk_d: bytes,
    *,
    encr: Transform,
    integ: Transform | None,
    nonces: tuple[bytes, bytes],
    shared: bytes = b"",
) -> ChildKeys:
    """The keys of a CHILD SA (section 2.17).

    Args:
        prf_id: The PRF of the IKE SA.
        sk_d: SK_d of the IKE SA.
        encr: Encryption transform of the CHILD SA.
        integ: Its integrity transform; None with an AEAD.
        nonces: Ni and Nr of the exchange that makes the CHILD SA.
        shared: g^ir of that exchange when it carried KE payloads (PFS), else empty.
    """
    a, e = integ_key_length(integ), encr_key_length(encr)
    parts = _derive(prf_id, sk_d, shared + b"".join(nonces), (e, a, e, a))
    return ChildKeys(**dict(zip(("encr_i", "integ_i", "encr_r", "integ_r"), parts, strict=True)))


def _derive(prf_id: Prf, key: bytes, seed: bytes, lengths: tuple[int, ...]) -> list[bytes]:
    """prf+(key, seed), cut into pieces of these lengths."""
    stream = prf_plus(prf_id, key, seed, sum(lengths))
    ends = list(itertools.accumulate(lengths))
    return [stream[end - length : end] for end, length in zip(ends, lengths, strict=True)]
