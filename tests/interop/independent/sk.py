"""The SK payload of the independent initiator (RFC 7296 section 3.14, RFC 5282)."""

import hmac
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

INTEGRITY = {12: ("sha256", 32, 16), 13: ("sha384", 48, 24), 14: ("sha512", 64, 32)}
"""HMAC-SHA2 integrity algorithms: hash, octets of key, octets of ICV (RFC 4868)."""
SALT = 4


class BadIcv(Exception):
    """A received SK payload does not verify."""


@dataclass(frozen=True)
class Gcm:
    """AES-GCM with a 16-octet ICV.

    Args:
        key: Key and 4-octet salt.
    """

    key: bytes
    block = 1
    iv = 8
    icv = 16

    def seal(self, head: bytes, plaintext: bytes) -> bytes:
        """IV, ciphertext and ICV of a message that begins with ``head``."""
        iv = os.urandom(self.iv)
        return iv + AESGCM(self.key[:-SALT]).encrypt(self.key[-SALT:] + iv, plaintext, head)

    def open(self, head: bytes, body: bytes) -> bytes:
        """The plaintext; raises ``BadIcv``."""
        try:
            return AESGCM(self.key[:-SALT]).decrypt(self.key[-SALT:] + body[:8], body[8:], head)
        except InvalidTag:
            raise BadIcv from None


@dataclass(frozen=True)
class CbcHmac:
    """AES-CBC, then HMAC over everything before the ICV.

    Args:
        key: Encryption key.
        integrity: IANA number of the integrity algorithm.
        integrity_key: Its key.
    """

    key: bytes
    integrity: int
    integrity_key: bytes
    block = 16
    iv = 16

    @property
    def icv(self) -> int:
        """Octets of the ICV."""
        return INTEGRITY[self.integrity][2]

    def seal(self, head: bytes, plaintext: bytes) -> bytes:
        """IV, ciphertext and ICV of a message that begins with ``head``."""
        iv = os.urandom(self.iv)
        encryptor = Cipher(AES(self.key), CBC(iv)).encryptor()
        body = iv + encryptor.update(plaintext) + encryptor.finalize()
        return body + self.mac(head + body)

    def mac(self, octets: bytes) -> bytes:
        """The ICV of a message without it."""
        return hmac.digest(self.integrity_key, octets, INTEGRITY[self.integrity][0])[: self.icv]

    def open(self, head: bytes, body: bytes) -> bytes:
        """The plaintext; raises ``BadIcv``."""
        sealed, icv = body[: -self.icv], body[-self.icv :]
        if self.mac(head + sealed) != icv:
            raise BadIcv
        decryptor = Cipher(AES(self.key), CBC(sealed[: self.iv])).decryptor()
        return decryptor.update(sealed[self.iv :]) + decryptor.finalize()


Protection = Gcm | CbcHmac


def padded(protection: Protection, inner: bytes) -> bytes:
    """The inner payloads with as little padding as the cipher takes, and the pad length."""
    count = -(len(inner) + 1) % protection.block
    return inner + bytes(count) + bytes([count])


def unpadded(plaintext: bytes) -> bytes:
    """The inner payloads of a decrypted SK payload."""
    return plaintext[: len(plaintext) - 1 - plaintext[-1]]
