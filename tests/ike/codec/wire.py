"""Bodies of payloads written out in hexadecimal, field by field."""

from ike.codec.reader import Reader


def body(*fields: str) -> Reader:
    """A reader of the octets that ``fields`` spell in hexadecimal."""
    return Reader(octets(*fields))


def octets(*fields: str) -> bytes:
    """The octets that ``fields`` spell in hexadecimal."""
    return bytes.fromhex("".join(fields))
