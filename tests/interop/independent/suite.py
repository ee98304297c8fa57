"""What the independent initiator offers, as IANA numbers."""

from dataclasses import dataclass
from typing import Any

from tests.interop.independent import groups, payloads, sk


@dataclass(frozen=True, kw_only=True)
class Suite:
    """What the initiator offers, as IANA numbers.

    Args:
        encryption: AES-CBC or AES-GCM of the IKE SA.
        bits: Its key length.
        prf: PRF.
        integrity: Integrity algorithm; None with AES-GCM.
        group: Diffie-Hellman group.
        esp_bits: Key length of AES-GCM in ESP; None: NULL encryption with HMAC-SHA2-256-128.
        pfs: Group of CHILD SA rekeys; None without PFS.
    """

    encryption: int = payloads.AES_GCM_16
    bits: int = 256
    prf: int = 6
    integrity: int | None = None
    group: int = groups.MODP_2048
    esp_bits: int | None = 256
    pfs: int | None = None

    def ike_transforms(self) -> list[Any]:
        """The transforms of the IKE SA's proposal."""
        found = [
            payloads.transform(payloads.ENCR, self.encryption, self.bits),
            payloads.transform(payloads.PRF, self.prf),
            payloads.transform(payloads.DH, self.group),
        ]
        if self.integrity is not None:
            found.append(payloads.transform(payloads.INTEG, self.integrity))
        return found

    def esp_transforms(self, *, esn: bool, first: bool) -> list[Any]:
        """The transforms of a CHILD SA's proposal; the ``first`` one has no group."""
        if self.esp_bits:
            found = [payloads.transform(payloads.ENCR, payloads.AES_GCM_16, self.esp_bits)]
        else:
            found = [payloads.transform(payloads.ENCR, payloads.NULL_ENCRYPTION)]
            found.append(payloads.transform(payloads.INTEG, 12))
        if self.pfs and not first:
            found.append(payloads.transform(payloads.DH, self.pfs))
        return [*found, payloads.transform(payloads.ESN, int(esn))]

    @property
    def encryption_octets(self) -> int:
        """Octets of an encryption key of the IKE SA, with its salt."""
        return self.bits // 8 + (0 if self.integrity else sk.SALT)

    @property
    def integrity_octets(self) -> int:
        """Octets of an integrity key of the IKE SA."""
        return sk.INTEGRITY[self.integrity][1] if self.integrity else 0

    def protection(self, key: bytes, integrity_key: bytes) -> sk.Protection:
        """One direction of the SK payload."""
        return sk.CbcHmac(key, self.integrity, integrity_key) if self.integrity else sk.Gcm(key)
