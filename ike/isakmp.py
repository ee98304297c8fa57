"""What can be read of an IKEv1 packet, for people: it is reported and never answered.

Sources: RFC 2408 section 3 (formats), RFC 2409 appendix A (attributes).
"""

from collections.abc import Iterator

from ike.constants import HEADER_LENGTH
from ike.vendors import sort_out

_EXCHANGES = {
    2: "Main Mode",
    4: "Aggressive Mode",
    5: "Informational",
    6: "Transaction",
    32: "Quick Mode",
}
_CIPHERS = {1: "DES", 5: "3DES", 7: "AES"}
_HASHES = {1: "MD5", 2: "SHA1", 4: "SHA2-256", 5: "SHA2-384", 6: "SHA2-512"}
_METHODS = {1: "pre-shared key", 3: "RSA signatures", 64221: "hybrid RSA", 65001: "XAUTH, pre-shared key"}
_ENCRYPTION, _HASH, _METHOD, _GROUP, _KEY_LENGTH = 1, 2, 3, 4, 14

_ENCRYPTED = 1
_SA, _VENDOR = 1, 13
_GENERIC_HEADER = 4
_SA_HEADER = 12
"""Generic header, DOI and situation."""
_PROPOSAL_HEADER = 8
_TRANSFORM_HEADER = 8
_SHORT = 0x8000
"""Bit of an attribute's type: its value takes the place of its length."""
_MAX_ITEMS = 64
"""Payloads, transforms or attributes that are read of one list."""
_MAX_TOLD = 4
"""Transforms that are told."""


def describe(data: bytes) -> str:
    """One line about a packet whose header was checked for its length; never raises."""
    exchange = _EXCHANGES.get(data[18], f"exchange type {data[18]}")
    parts = [f"IKE version {data[17] >> 4}.{data[17] & 15}, expected 2.0: {exchange}"]
    if data[19] & _ENCRYPTED:
        return f"{parts[0]}, encrypted"
    payloads = list(_list(data[16], data[HEADER_LENGTH:]))
    offers = [offer for kind, body in payloads if kind == _SA for offer in _offers(body)]
    if offers:
        rest = f" and {len(offers) - _MAX_TOLD} more" if len(offers) > _MAX_TOLD else ""
        parts.append(f"offers {', '.join(offers[:_MAX_TOLD])}{rest}")
    known, _ = sort_out(body[_GENERIC_HEADER:] for kind, body in payloads if kind == _VENDOR)
    if known:
        parts.append(f"vendor IDs of {', '.join(known)}")
    return "; ".join(parts)


def _list(first: int, data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and octets, header included, of each member of a chain."""
    kind, start = first, 0
    for _ in range(_MAX_ITEMS):
        length = int.from_bytes(data[start + 2 : start + 4], "big")
        if not kind or length < _GENERIC_HEADER or start + length > len(data):
            return
        yield kind, data[start : start + length]
        kind, start = data[start], start + length


def _offers(sa: bytes) -> Iterator[str]:
    """The transforms of an SA payload."""
    for _, proposal in _list(2, sa[_SA_HEADER:]):
        if len(proposal) < _PROPOSAL_HEADER:
            return
        spi_length = proposal[6]
        for _, transform in _list(3, proposal[_PROPOSAL_HEADER + spi_length :]):
            yield _transform(dict(_attributes(transform[_TRANSFORM_HEADER:])))


def _transform(attributes: dict[int, int]) -> str:
    cipher = _named(_CIPHERS, attributes.get(_ENCRYPTION), "cipher")
    if _KEY_LENGTH in attributes:
        cipher += f"-{attributes[_KEY_LENGTH]}"
    digest = _named(_HASHES, attributes.get(_HASH), "hash")
    method = _named(_METHODS, attributes.get(_METHOD), "method")
    return f"{cipher}/{digest}/group {attributes.get(_GROUP, '?')}/{method}"


def _named(names: dict[int, str], value: int | None, noun: str) -> str:
    return f"no {noun}" if value is None else names.get(value, f"{noun} {value}")


def _attributes(data: bytes) -> Iterator[tuple[int, int]]:
    """Type and value of each attribute of basic form; the others hold lifetimes."""
    start = 0
    for _ in range(_MAX_ITEMS):
        if start + 4 > len(data):
            return
        kind = int.from_bytes(data[start : start + 2], "big")
        value = int.from_bytes(data[start + 2 : start + 4], "big")
        start += 4
        if kind & _SHORT:
            yield kind & ~_SHORT, value
        else:
            start += value
