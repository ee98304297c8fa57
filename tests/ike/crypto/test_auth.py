"""AUTH with a pre-shared key, computed a second time with nothing but hashlib."""

import hashlib

from ike.constants import Prf
from ike.crypto.auth import equal, psk_auth, signed_octets


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """HMAC as RFC 2104 writes it, for keys up to one block."""
    block = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(octet ^ 0x36 for octet in block) + data).digest()
    return hashlib.sha256(bytes(octet ^ 0x5C for octet in block) + inner).digest()


def test_signed_octets_are_message_peer_nonce_and_prf_of_the_identity() -> None:
    octets = signed_octets(
        Prf.HMAC_SHA2_256, b"message", b"nonce of the peer", b"SK_p", b"\x01\0\0\0\xc6\x33\x64\x0a"
    )
    assert octets == b"messagenonce of the peer" + hmac_sha256(b"SK_p", b"\x01\0\0\0\xc6\x33\x64\x0a")


def test_psk_auth_keys_the_prf_with_the_padded_psk() -> None:
    expected = hmac_sha256(hmac_sha256(b"correct horse", b"Key Pad for IKEv2"), b"signed octets")
    assert psk_auth(Prf.HMAC_SHA2_256, b"correct horse", b"signed octets") == expected


def test_equal_compares_content_and_length() -> None:
    assert equal(b"same", b"same")
    assert not equal(b"same", b"sama")
    assert not equal(b"same", b"same ")
    assert not equal(b"same", b"")
