"""Key Exchange payload (RFC 7296 section 3.4)."""

from dataclasses import dataclass
from struct import Struct
from typing import ClassVar, Self

from ike.codec.payload import Json, Payload
from ike.codec.reader import Reader
from ike.constants import DhGroup, PayloadType, name_of

_LAYOUT = Struct("!Hxx")


@dataclass(frozen=True, slots=True)
class KePayload(Payload):
    """A public Diffie-Hellman value.

    Args:
        group: A ``DhGroup`` or an unknown number.
        data: The public value as the group encodes it; whether its length and value are right is for the
            group to say.
    """

    type: ClassVar[PayloadType] = PayloadType.KE
    group: int
    data: bytes

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read the group; the rest is the public value."""
        (group,) = reader.unpack(_LAYOUT, "DH group number")
        return cls(group, reader.rest())

    def build(self) -> bytes:
        """Group and public value."""
        return _LAYOUT.pack(self.group) + self.data

    def facts(self) -> dict[str, Json]:
        """The group and the size of the value."""
        return {"group": name_of(DhGroup, self.group), "octets": len(self.data)}
