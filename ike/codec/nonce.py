"""Nonce payload (RFC 7296 section 3.9)."""

from dataclasses import dataclass
from typing import ClassVar, Self

from ike.codec.payload import Json, Payload
from ike.codec.reader import Reader
from ike.constants import NONCE_MAX, NONCE_MIN, PayloadType


@dataclass(frozen=True, slots=True)
class NoncePayload(Payload):
    """A nonce of 16 to 256 octets; parsing refuses other sizes."""

    type: ClassVar[PayloadType] = PayloadType.NONCE
    data: bytes

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read the nonce."""
        if not NONCE_MIN <= reader.remaining <= NONCE_MAX:
            raise reader.error(f"nonce of {reader.remaining} octets, expected {NONCE_MIN} to {NONCE_MAX}")
        return cls(reader.rest())

    def build(self) -> bytes:
        """The nonce."""
        return self.data

    def facts(self) -> dict[str, Json]:
        """The nonce; it travels in clear text in IKE_SA_INIT."""
        return {"nonce": self.data.hex()}
