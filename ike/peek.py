"""Reads single payloads of an IKE_SA_INIT request without parsing the message: for the gate before any state.

Everything here is bounded and never raises; what is wrong with a message is for the codec to say.
"""

from ike.constants import HEADER_LENGTH, NotifyType, PayloadType

_NEXT_PAYLOAD = 16
_GENERIC_HEADER = 4
_NOTIFY_HEADER = 8
_MAX_COOKIE = 64
_MIN_NONCE, _MAX_NONCE = 16, 256
_MAX_PAYLOADS = 32
_COOKIE = b"\0" + NotifyType.COOKIE.to_bytes(2, "big")
"""SPI size and type of the notification; its protocol ID says nothing (RFC 7296 section 3.10)."""


def cookie_of(data: bytes) -> bytes | None:
    """The COOKIE notification that the message begins with, as the RFC wants it; None when there is none."""
    if data[_NEXT_PAYLOAD] != PayloadType.NOTIFY:
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
    kind, start, size = data[_NEXT_PAYLOAD], HEADER_LENGTH, len(data)
    for _ in range(_MAX_PAYLOADS):
        if kind == PayloadType.NONE or start + _GENERIC_HEADER > size:
            return None
        length = data[start + 2] << 8 | data[start + 3]
        if length < _GENERIC_HEADER or start + length > size:
            return None
        if kind == PayloadType.NONCE:
            nonce = data[start + _GENERIC_HEADER : start + length]
            return nonce if _MIN_NONCE <= len(nonce) <= _MAX_NONCE else None
        kind = data[start]
        start += length
    return None
