"""Extensible Authentication payload: one EAP message (RFC 7296 section 3.16, RFC 3748 section 4)."""

from dataclasses import dataclass, field
from enum import IntEnum
from struct import Struct
from typing import ClassVar, Self

from ike.codec.payload import Json, Payload
from ike.codec.reader import Reader
from ike.constants import PayloadType, name_of

_LAYOUT = Struct("!BBH")  # code, identifier, length


class EapCode(IntEnum):
    """EAP codes (RFC 3748 section 4)."""

    REQUEST = 1
    RESPONSE = 2
    SUCCESS = 3
    FAILURE = 4


@dataclass(frozen=True, slots=True)
class EapPayload(Payload):
    """One EAP message.

    Args:
        code: An ``EapCode`` or an unknown number.
        identifier: Matches a response to its request.
        data: The octets after the length: EAP type and type data of a request or response, else empty. Not
            shown to people, since some EAP methods carry a password.
    """

    type: ClassVar[PayloadType] = PayloadType.EAP
    code: int
    identifier: int
    data: bytes = field(default=b"", repr=False)

    @property
    def eap_type(self) -> int | None:
        """The EAP type of a request or response, None without one."""
        return self.data[0] if self.data and self.code in (EapCode.REQUEST, EapCode.RESPONSE) else None

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read the message; its length must be that of the payload's body."""
        available = reader.remaining
        code, identifier, length = reader.unpack(_LAYOUT, "EAP header")
        if length != available:
            raise reader.error(f"EAP length {length}, expected {available}")
        return cls(code, identifier, reader.rest())

    def build(self) -> bytes:
        """The EAP message."""
        return _LAYOUT.pack(self.code, self.identifier, _LAYOUT.size + len(self.data)) + self.data

    def facts(self) -> dict[str, Json]:
        """Code, identifier, EAP type and size."""
        return {
            "code": name_of(EapCode, self.code),
            "identifier": self.identifier,
            "eap_type": self.eap_type,
            "octets": len(self.data),
        }
