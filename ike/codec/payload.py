"""What every payload class offers."""

from abc import abstractmethod
from typing import TYPE_CHECKING, TypeAlias

from ike.constants import PayloadType, name_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""A value that ``json.dumps`` accepts."""


class Payload:
    """One payload of a message, without its generic header (RFC 7296 section 3.2).

    Payloads are values: frozen, compared by content. Each class has a ``parse`` for what ``build`` writes.
    The base is no ``ABC``: ``isinstance``, by which each exchange finds its payloads, would be four times as
    slow. That a class lacks nothing is checked with the types.
    """

    __slots__ = ()

    @property
    @abstractmethod
    def type(self) -> int:
        """Payload type: a ``PayloadType`` or, for an ``UnknownPayload``, another number."""

    @abstractmethod
    def build(self) -> bytes:
        """The octets after the generic header.

        Raises:
            CodecError: A part is longer than its length field can say.
            struct.error: A number does not fit its field.
        """

    @abstractmethod
    def facts(self) -> dict[str, Json]:
        """The fields for people, JSON-compatible: names where the registry has one, octets in hexadecimal."""

    def describe(self) -> dict[str, Json]:
        """``facts`` after the member ``payload``, the payload's name."""
        return {"payload": name_of(PayloadType, self.type), **self.facts()}
