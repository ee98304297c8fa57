"""Finds secrets in what a program says, however they are written there."""

import base64
from collections.abc import Iterable


def spellings(secret: bytes) -> set[bytes]:
    """How octets come to stand in a text: as they are, hexadecimal, base64, a Python literal."""
    ways = {secret, secret.hex().encode(), secret.hex().upper().encode(), repr(secret)[2:-1].encode()}
    ways |= {secret.hex(separator).encode() for separator in (" ", ":")}
    for shift in range(3):  # base64 looks different at each of three offsets
        encoded = base64.b64encode(bytes(shift) + secret)
        whole = encoded[4 if shift else 0 : -4]
        ways |= {whole, whole.replace(b"+", b"-").replace(b"/", b"_")}
    return {way for way in ways if len(way) >= len(secret) // 2}


def leaked(text: bytes, secrets: Iterable[bytes]) -> list[bytes]:
    """The secrets that a text shows."""
    return [secret for secret in secrets if any(way in text for way in spellings(secret))]
