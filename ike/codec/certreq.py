"""Certificate Request payload (RFC 7296 section 3.7)."""

from dataclasses import dataclass
from typing import ClassVar, Self

from ike.codec.cert import CertEncoding
from ike.codec.payload import Json, Payload
from ike.codec.reader import Reader
from ike.constants import PayloadType, name_of

_SHA1_OCTETS = 20


@dataclass(frozen=True, slots=True)
class CertReqPayload(Payload):
    """The certificates that the sender would accept.

    Args:
        encoding: A ``CertEncoding`` or an unknown number.
        authorities: For X509_SIGNATURE the SHA-1 hashes of the trusted authorities' public keys, joined.
    """

    type: ClassVar[PayloadType] = PayloadType.CERTREQ
    encoding: int
    authorities: bytes

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read the encoding; the rest names the authorities."""
        (encoding,) = reader.take(1, "certificate encoding")
        return cls(encoding, reader.rest())

    def build(self) -> bytes:
        """Encoding and authorities."""
        return bytes((self.encoding,)) + self.authorities

    def facts(self) -> dict[str, Json]:
        """The encoding and the authorities."""
        data = self.authorities
        hashes = [data[start : start + _SHA1_OCTETS].hex() for start in range(0, len(data), _SHA1_OCTETS)]
        return {"encoding": name_of(CertEncoding, self.encoding), "authorities": hashes}
