"""Reads single payloads of an IKE_SA_INIT request without parsing the message: for the gate before any state.

Everything here is bounded and never raises; what is wrong with a message is for the codec to say.
"""

from collections.abc import Iterator

from ike.constants import HEADER_LENGTH, NotifyType, PayloadType

_NEXT_PAYLOAD = 16
_GENERIC_HEADER = 4
_NOTIFY_HEADER = 8
_MAX_COOKIE = 64
_MIN_NONCE, _MAX_NONCE = 16, 256
_MAX_PAYLOADS = 32
_HASH = 20
_NONE, _NOTIFY, _NONCE = int(PayloadType.NONE), int(PayloadType.NOTIFY), int(PayloadType.NONCE)
"""Plain numbers: to look up an enum's member takes longer than to compare it."""
_NAT_SOURCE = b"\0" + NotifyType.NAT_DETECTION_SOURCE_IP.to_bytes(2, "big")
_NAT_DESTINATION = b"\0" + NotifyType.NAT_DETECTION_DESTINATION_IP.to_bytes(2, "big")
_COOKIE = b"\0" + NotifyType.COOKIE.to_bytes(2, "big")
"""SPI size and type of the notification; its protocol ID says nothing (RFC 7296 section 3.10)."""


def cookie_of(data: bytes) -> bytes | None:
    """The COOKIE notification that the message begins with, as the RFC wants it; None when there is none."""
    if data[_NEXT_PAYLOAD] != _NOTIFY:
        return None
    start = HEADER_LENGTH
    if data[start + 5 : start + _NOTIFY_HEADER] != _COOKIE:
        return None
    length = int.from_bytes(data[start + 2 : start + 4], "big")
    if not _NOTIFY_HEADER < length <= _NOTIFY_HEADER + _MAX_COOKIE or start + length > len(data):
        return None
    return data[start + _NOTIFY_HEADER : start + length]


def nonce_of(data: bytes) -> bytes | None:
    """The nonce of the message; None when it has none or one of a wrong length."""
    for kind, start, end in _payloads(data):
        if kind == _NONCE:
            return data[start:end] if _MIN_NONCE <= end - start <= _MAX_NONCE else None
    return None


def nat_hashes_of(data: bytes) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """The hashes of all NAT_DETECTION_SOURCE_IP and NAT_DETECTION_DESTINATION_IP notifications."""
    found: dict[bytes, list[bytes]] = {_NAT_SOURCE: [], _NAT_DESTINATION: []}
    for kind, start, end in _payloads(data):
        if kind == _NOTIFY and end - start == 4 + _HASH and (what := data[start + 1 : start + 4]) in found:
            found[what].append(data[start + 4 : end])
    return tuple(found[_NAT_SOURCE]), tuple(found[_NAT_DESTINATION])


def _payloads(data: bytes) -> Iterator[tuple[int, int, int]]:
    """The payloads that lie wholly in the message: type, where the body begins, where it ends."""
    kind, start, size = data[_NEXT_PAYLOAD], HEADER_LENGTH, len(data)
    for _ in range(_MAX_PAYLOADS):
        if kind == _NONE or start + _GENERIC_HEADER > size:
            return
        end = start + (data[start + 2] << 8 | data[start + 3])
        body = start + _GENERIC_HEADER
        if end < body or end > size:
            return
        yield kind, body, end
        kind, start = data[start], end
