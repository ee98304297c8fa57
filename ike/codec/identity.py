"""Identification payloads IDi and IDr (RFC 7296 section 3.5)."""

from dataclasses import dataclass, field
from typing import ClassVar, Self

from ike.codec.payload import Json, Payload
from ike.codec.reader import Reader
from ike.constants import IdType, PayloadType, name_of
from ike.identification import Identification

_RESERVED = bytes(3)


@dataclass(frozen=True, slots=True)
class IdPayload(Payload):
    """An identity; on the wire either an ``IDiPayload`` or an ``IDrPayload``.

    Args:
        identification: The identity.
        reserved: The 3 reserved octets. Their value means nothing, but they are part of what AUTH covers
            (RFC 7296 section 2.15), so a received payload keeps them and ``build`` gives the octets that the
            peer authenticated: RestOfInitIDPayload or RestOfRespIDPayload.
    """

    identification: Identification
    reserved: bytes = field(default=_RESERVED, compare=False, repr=False)

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read the type; the rest is the identity's data."""
        (id_type,) = reader.take(1, "identification type")
        reserved = reader.take(len(_RESERVED), "reserved field")
        return cls(Identification(id_type, reader.rest()), reserved)

    def build(self) -> bytes:
        """Type, reserved octets, data."""
        return bytes((self.identification.type,)) + self.reserved + self.identification.data

    def facts(self) -> dict[str, Json]:
        """The type and the identity as text."""
        return {
            "id_type": name_of(IdType, self.identification.type),
            "identity": self.identification.text,
        }


@dataclass(frozen=True, slots=True)
class IDiPayload(IdPayload):
    """The initiator's identity."""

    type: ClassVar[PayloadType] = PayloadType.IDi


@dataclass(frozen=True, slots=True)
class IDrPayload(IdPayload):
    """The responder's identity: its own, or in a request the one that the initiator wants to talk to."""

    type: ClassVar[PayloadType] = PayloadType.IDr
