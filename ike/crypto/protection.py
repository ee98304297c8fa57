"""The cipher and integrity of SK payloads in one direction (RFC 7296 section 3.14, RFC 5282)."""

import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from ike.constants import Encr, Integ
from ike.crypto.errors import IntegrityError
from ike.crypto.transforms import SALT_LENGTH, encr_key_length, integ_key_length
from ike.proposal import Transform

__all__ = ["IntegrityError", "Protection"]

_AES_BLOCK = 16
_GCM_IV = 8
_GCM_ICV = 16


@dataclass(frozen=True)
class _Hmac:
    hash: str
    icv_length: int


_HMACS: dict[int, _Hmac] = {
    Integ.HMAC_SHA1_96: _Hmac("sha1", 12),
    Integ.HMAC_SHA2_256_128: _Hmac("sha256", 16),
    Integ.HMAC_SHA2_384_192: _Hmac("sha384", 24),
    Integ.HMAC_SHA2_512_256: _Hmac("sha512", 32),
}


class Protection:
    """Seals or opens the SK payloads of one direction of an IKE SA.

    Args:
        encr: AES_GCM_16 or AES_CBC with its key length.
        integ: The integrity transform; None (or NONE) with AES_GCM_16.
        encr_key: SK_e; for AES_GCM_16 it ends with the 4-octet salt (RFC 5282 section 7.1).
        integ_key: SK_a; empty with AES_GCM_16.

    Attributes:
        iv_length: Octets of the IV that leads the payload.
        icv_length: Octets of the ICV that ends it.
        block_length: The plaintext, padding included, is a multiple of this.

    Raises:
        ValueError: The combination is not implemented or a key has the wrong length.
    """

    iv_length: int
    icv_length: int
    block_length: int

    def __init__(self, encr: Transform, integ: Transform | None, encr_key: bytes, integ_key: bytes) -> None:
        integ_id = Integ.NONE if integ is None else integ.id
        aead = encr.id == Encr.AES_GCM_16 and integ_id == Integ.NONE
        if not aead and not (encr.id == Encr.AES_CBC and integ_id in _HMACS):
            raise ValueError(
                f"{encr.name} with {integ.name if integ else 'no integrity'} cannot protect an IKE SA"
            )
        if (len(encr_key), len(integ_key)) != (encr_key_length(encr), integ_key_length(integ)):
            raise ValueError(
                f"{encr.name}: keys of {len(encr_key)} and {len(integ_key)} octets, "
                f"{encr_key_length(encr)} and {integ_key_length(integ)} expected"
            )
        self._transform = _Gcm(encr_key) if aead else _CbcHmac(encr_key, integ_key, _HMACS[integ_id])
        self.iv_length = self._transform.iv_length
        self.icv_length = self._transform.icv_length
        self.block_length = self._transform.block_length

    def seal(self, iv: bytes, aad: bytes, plaintext: bytes) -> bytes:
        """Ciphertext and ICV.

        Args:
            iv: ``iv_length`` octets, never used before with this key (GCM) or unpredictable (CBC).
            aad: The message from the IKE header up to the IV (RFC 5282 section 5.1).
            plaintext: The payloads with padding and pad length, a multiple of ``block_length``.
        """
        return self._transform.seal(iv, aad, plaintext)

    def open(self, iv: bytes, aad: bytes, ciphertext: bytes, icv: bytes) -> bytes:
        """The plaintext, padding and pad length included; arguments as for ``seal``.

        Raises:
            IntegrityError: The ICV is wrong, or a length is one that no sender can produce.
        """
        if len(iv) != self.iv_length or len(icv) != self.icv_length:
            raise IntegrityError(
                f"IV of {len(iv)} and ICV of {len(icv)} octets, "
                f"{self.iv_length} and {self.icv_length} expected"
            )
        if len(ciphertext) % self.block_length:
            raise IntegrityError(
                f"ciphertext of {len(ciphertext)} octets is no multiple of {self.block_length}"
            )
        return self._transform.open(iv, aad, ciphertext, icv)


class _Gcm:
    """AES-GCM with a 16-octet ICV (RFC 5282)."""

    iv_length, icv_length, block_length = _GCM_IV, _GCM_ICV, 1

    def __init__(self, key: bytes) -> None:
        self._cipher, self._salt = AESGCM(key[:-SALT_LENGTH]), key[-SALT_LENGTH:]

    def seal(self, iv: bytes, aad: bytes, plaintext: bytes) -> bytes:
        return self._cipher.encrypt(self._salt + iv, plaintext, aad)

    def open(self, iv: bytes, aad: bytes, ciphertext: bytes, icv: bytes) -> bytes:
        try:
            return self._cipher.decrypt(self._salt + iv, ciphertext + icv, aad)
        except InvalidTag as error:
            raise IntegrityError("the ICV is wrong") from error


class _CbcHmac:
    """AES-CBC (RFC 3602), then HMAC over the message so far, IV and ciphertext (RFC 7296 section 3.14)."""

    iv_length, block_length = _AES_BLOCK, _AES_BLOCK

    def __init__(self, encr_key: bytes, integ_key: bytes, mac: _Hmac) -> None:
        self._aes, self._key, self._mac = AES(encr_key), integ_key, mac
        self.icv_length = mac.icv_length

    def _icv(self, message: bytes) -> bytes:
        return hmac.digest(self._key, message, self._mac.hash)[: self.icv_length]

    def seal(self, iv: bytes, aad: bytes, plaintext: bytes) -> bytes:
        encryptor = Cipher(self._aes, CBC(iv)).encryptor()
        ciphertext = encryptor.update(plaintext) + encryptor.finalize()
        return ciphertext + self._icv(aad + iv + ciphertext)

    def open(self, iv: bytes, aad: bytes, ciphertext: bytes, icv: bytes) -> bytes:
        if not hmac.compare_digest(self._icv(aad + iv + ciphertext), icv):
            raise IntegrityError("the ICV is wrong")
        decryptor = Cipher(self._aes, CBC(iv)).decryptor()
        return decryptor.update(ciphertext) + decryptor.finalize()
