"""Encrypted payloads: SK (RFC 7296 section 3.14) and SKF (RFC 7383 section 2.5)."""

from dataclasses import dataclass, field
from struct import Struct
from typing import ClassVar, Self

from ike.codec.payload import Json, Payload
from ike.codec.reader import Reader
from ike.constants import PayloadType, name_of

_FRAGMENT = Struct("!HH")  # fragment number, total fragments


@dataclass(frozen=True, slots=True)
class EncryptedPayload(Payload):
    """The SK payload; always the last of its message.

    Args:
        first_inner: Type of the first payload inside: the Next Payload field of SK's generic header.
        body: IV, ciphertext and integrity check value.
        offset: Where SK's generic header starts in the message; 0 when not parsed from one. The octets before
            ``offset + 4`` are the AEAD's associated data (RFC 5282 section 5.1).
    """

    type: ClassVar[PayloadType] = PayloadType.SK
    first_inner: int
    body: bytes = field(repr=False)
    offset: int = field(default=0, compare=False)

    @classmethod
    def parse(cls, reader: Reader, first_inner: int, offset: int) -> Self:
        """Take the body as it is; its parts depend on the negotiated algorithms."""
        return cls(first_inner, reader.rest(), offset)

    def build(self) -> bytes:
        """The body."""
        return self.body

    def facts(self) -> dict[str, Json]:
        """What an observer without keys sees."""
        return {"first_inner": name_of(PayloadType, self.first_inner), "octets": len(self.body)}


@dataclass(frozen=True, slots=True)
class EncryptedFragmentPayload(Payload):
    """The SKF payload, one fragment of a message; always the last of its message.

    Args:
        first_inner: Type of the first payload inside in fragment 1, 0 in the others.
        number: Number of this fragment, from 1.
        total: Number of fragments of the message.
        body: IV, ciphertext and integrity check value of this fragment.
        offset: Where SKF's generic header starts in the message; 0 when not parsed from one.
    """

    type: ClassVar[PayloadType] = PayloadType.SKF
    first_inner: int
    number: int
    total: int
    body: bytes = field(repr=False)
    offset: int = field(default=0, compare=False)

    @classmethod
    def parse(cls, reader: Reader, first_inner: int, offset: int) -> Self:
        """Read the fragment numbers; refuse those that no fragment can have."""
        number, total = reader.unpack(_FRAGMENT, "fragment numbers")
        if not 1 <= number <= total:
            raise reader.error(f"fragment {number} of {total}")
        return cls(first_inner, number, total, reader.rest(), offset)

    def build(self) -> bytes:
        """Fragment numbers and body."""
        return _FRAGMENT.pack(self.number, self.total) + self.body

    def facts(self) -> dict[str, Json]:
        """What an observer without keys sees."""
        return {
            "first_inner": name_of(PayloadType, self.first_inner),
            "fragment": self.number,
            "fragments": self.total,
            "octets": len(self.body),
        }
