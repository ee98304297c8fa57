"""Reads fields off a byte string without ever leaving its bounds."""

from struct import Struct
from typing import Any

from ike.codec.errors import CodecError


class Reader:
    """A cursor over ``data[start:end]``; every read beyond ``end`` is a ``CodecError``.

    Args:
        data: The bytes; shared, not copied, by ``sub``.
        start: Offset of the first octet.
        end: Offset after the last octet; the end of ``data`` when None.
        payload: Type of the payload being read, for errors.
    """

    __slots__ = ("_data", "end", "offset", "payload")

    def __init__(
        self, data: bytes, start: int = 0, end: int | None = None, payload: int | None = None
    ) -> None:
        self._data = data
        self.offset = start
        self.end = len(data) if end is None else end
        self.payload = payload

    @property
    def remaining(self) -> int:
        """Octets not yet read."""
        return self.end - self.offset

    def error(self, what: str) -> CodecError:
        """The error to raise for something wrong at the current offset."""
        return CodecError(what, self.offset, self.payload)

    def _short(self, count: int, field: str) -> CodecError:
        return self.error(f"{field} needs {count} octets, {self.remaining} left")

    def take(self, count: int, field: str) -> bytes:
        """The next ``count`` octets."""
        start = self.offset
        end = start + count
        if end > self.end:
            raise self._short(count, field)
        self.offset = end
        return self._data[start:end]

    def rest(self) -> bytes:
        """All octets that are left, possibly none."""
        start, self.offset = self.offset, self.end
        return self._data[start : self.end]

    def unpack(self, layout: Struct, field: str) -> tuple[Any, ...]:
        """The next octets, unpacked."""
        start = self.offset
        end = start + layout.size
        if end > self.end:
            raise self._short(layout.size, field)
        self.offset = end
        return layout.unpack_from(self._data, start)

    def sub(self, count: int, field: str) -> "Reader":
        """A reader of the next ``count`` octets, which this one skips."""
        start = self.offset
        end = start + count
        if end > self.end:
            raise self._short(count, field)
        self.offset = end
        return Reader(self._data, start, end, self.payload)

    def expect_end(self, structure: str) -> None:
        """Refuse octets that no field of ``structure`` accounts for."""
        if self.offset != self.end:
            raise self.error(f"{self.remaining} octets after the end of the {structure}")
