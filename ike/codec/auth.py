"""Authentication payload (RFC 7296 section 3.8)."""

from dataclasses import dataclass, field
from struct import Struct
from typing import ClassVar, Self

from ike.codec.payload import Json, Payload
from ike.codec.reader import Reader
from ike.constants import AuthMethod, PayloadType, name_of

_LAYOUT = Struct("!Bxxx")


@dataclass(frozen=True, slots=True)
class AuthPayload(Payload):
    """Proof that the sender holds the key.

    Args:
        method: An ``AuthMethod`` or an unknown number.
        data: The MIC or signature. Not shown to people: a MIC lets guesses of a weak pre-shared key be tried.
    """

    type: ClassVar[PayloadType] = PayloadType.AUTH
    method: int
    data: bytes = field(repr=False)

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read the method; the rest is the authentication data."""
        (method,) = reader.unpack(_LAYOUT, "authentication method")
        return cls(method, reader.rest())

    def build(self) -> bytes:
        """Method and authentication data."""
        return _LAYOUT.pack(self.method) + self.data

    def facts(self) -> dict[str, Json]:
        """The method and the size of the data."""
        return {"method": name_of(AuthMethod, self.method), "octets": len(self.data)}
