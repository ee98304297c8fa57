"""Certificate payload (RFC 7296 section 3.6)."""

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Self

from ike.codec.payload import Json, Payload
from ike.codec.reader import Reader
from ike.constants import PayloadType, name_of


class CertEncoding(IntEnum):
    """Certificate encodings (RFC 7296 section 3.6)."""

    PKCS7_X509 = 1
    PGP = 2
    DNS_SIGNED_KEY = 3
    X509_SIGNATURE = 4
    KERBEROS_TOKEN = 6
    CRL = 7
    ARL = 8
    SPKI = 9
    X509_ATTRIBUTE = 10
    HASH_URL_X509 = 12
    HASH_URL_BUNDLE = 13
    RAW_PUBLIC_KEY = 15


@dataclass(frozen=True, slots=True)
class CertPayload(Payload):
    """A certificate or the like.

    Args:
        encoding: A ``CertEncoding`` or an unknown number.
        data: The certificate in that encoding.
    """

    type: ClassVar[PayloadType] = PayloadType.CERT
    encoding: int
    data: bytes

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read the encoding; the rest is the certificate."""
        (encoding,) = reader.take(1, "certificate encoding")
        return cls(encoding, reader.rest())

    def build(self) -> bytes:
        """Encoding and certificate."""
        return bytes((self.encoding,)) + self.data

    def facts(self) -> dict[str, Json]:
        """The encoding and the size."""
        return {"encoding": name_of(CertEncoding, self.encoding), "octets": len(self.data)}
