"""Shows a distinguished name (X.501, in DER) as people write it: ``C=US, O=Branch, CN=cpe1``."""

from collections.abc import Iterator

_SEQUENCE, _SET, _OID = 0x30, 0x31, 0x06
_TEXTS = {0x0C: "utf-8", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1E: "utf-16-be"}
"""Character sets of the string types: UTF8, Printable, Teletex, IA5, BMP."""
_LONG_FORM = 0x80
_SHORT_NAMES = {
    bytes.fromhex("550403"): "CN",
    bytes.fromhex("550405"): "serialNumber",
    bytes.fromhex("550406"): "C",
    bytes.fromhex("550407"): "L",
    bytes.fromhex("550408"): "ST",
    bytes.fromhex("55040a"): "O",
    bytes.fromhex("55040b"): "OU",
    bytes.fromhex("2a864886f70d010901"): "E",
    bytes.fromhex("0992268993f22c640119"): "DC",
    bytes.fromhex("0992268993f22c640101"): "UID",
}


def text_of_name(der: bytes) -> str:
    """The name in its own order.

    Raises:
        ValueError: It is not a name in DER, or has an attribute or a string type without a short name here.
    """
    ((kind, names),) = _elements(der)
    if kind != _SEQUENCE:
        raise ValueError("a name is a SEQUENCE")
    attributes = [
        _attribute(value) for tag, parts in _elements(names) if tag == _SET for _, value in _elements(parts)
    ]
    if not attributes:
        raise ValueError("a name without attributes")
    return ", ".join(attributes)


def _attribute(data: bytes) -> str:
    (oid_tag, oid), (kind, value) = _elements(data)
    if oid_tag != _OID or oid not in _SHORT_NAMES or kind not in _TEXTS:
        raise ValueError("an attribute that has no short name, or is no string")
    return f"{_SHORT_NAMES[oid]}={value.decode(_TEXTS[kind])}"


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tags and contents of the elements that follow one another; ValueError unless they fill the data."""
    at = 0
    while at < len(data):
        tag, length, at = data[at], int.from_bytes(data[at + 1 : at + 2], "big"), at + 2
        if length >= _LONG_FORM:
            octets = length - _LONG_FORM
            length, at = int.from_bytes(data[at : at + octets], "big"), at + octets
        if at + length > len(data):
            raise ValueError("an element is longer than what holds it")
        yield tag, data[at : at + length]
        at += length
