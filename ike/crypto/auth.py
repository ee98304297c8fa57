"""The AUTH payload with a pre-shared key (RFC 7296 section 2.15)."""

import hmac

from ike.constants import Prf
from ike.crypto.prf import prf

_KEY_PAD = b"Key Pad for IKEv2"


def signed_octets(prf_id: Prf, message: bytes, peer_nonce: bytes, sk_p: bytes, id_data: bytes) -> bytes:
    """What one side's AUTH payload covers: message | nonce | prf(SK_p, ID).

    Args:
        prf_id: The PRF of the IKE SA.
        message: That side's whole IKE_SA_INIT message, IKE header first and without a non-ESP marker.
        peer_nonce: The nonce data of the other side.
        sk_p: SK_pi for the initiator's AUTH payload, SK_pr for the responder's.
        id_data: That side's ID payload without its generic payload header: type, 3 reserved octets, data.
    """
    return message + peer_nonce + prf(prf_id, sk_p, id_data)


def psk_auth(prf_id: Prf, psk: bytes, octets: bytes) -> bytes:
    """The authentication data: prf(prf(PSK, "Key Pad for IKEv2"), signed octets)."""
    return prf(prf_id, prf(prf_id, psk, _KEY_PAD), octets)


def equal(expected: bytes, received: bytes) -> bool:
    """Compare in a time that does not depend on the contents."""
    return hmac.compare_digest(expected, received)
