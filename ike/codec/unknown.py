"""Payloads of a type that this implementation does not know (RFC 7296 section 2.5)."""

from dataclasses import dataclass, field
from typing import Self

from ike.codec.payload import Json, Payload
from ike.codec.reader import Reader


@dataclass(frozen=True, slots=True)
class UnknownPayload(Payload):
    """A payload of unknown type.

    Args:
        type: The unknown payload type.
        critical: The sender's critical bit: when it is set the message must be refused with
            UNSUPPORTED_CRITICAL_PAYLOAD, when it is clear the payload is skipped.
        body: The octets after the generic header.
    """

    type: int = field()  # without this, dataclass takes the base's property for a default
    critical: bool
    body: bytes

    @classmethod
    def parse(cls, payload_type: int, *, critical: bool, reader: Reader) -> Self:
        """Take the body as it is."""
        return cls(payload_type, critical, reader.rest())

    def build(self) -> bytes:
        """The body."""
        return self.body

    def facts(self) -> dict[str, Json]:
        """The critical bit and the size."""
        return {"critical": self.critical, "octets": len(self.body)}
