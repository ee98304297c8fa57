"""Stateless cookies of IKE_SA_INIT (RFC 7296 section 2.6).

A cookie is ``number of the secret | MAC(nonce, address, SPI)``: who returns it receives what is sent to that
address. The port is left out, as in the RFC's example: a NAT may change it between two requests. The secret
changes with time and with use; the one before it stays valid for as long again.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2s

SECRET_SECONDS = 60.0
"""A secret makes cookies for this long at most."""
SECRET_USES = 1 << 20
"""A secret makes this many cookies at most."""

_SECRET_LENGTH = 32
_MAC_LENGTH = 16
COOKIE_LENGTH = 1 + _MAC_LENGTH
"""Octets; RFC 7296 section 2.6 allows 1 to 64."""


@dataclass(slots=True)
class _Secret:
    number: bytes
    keyed: blake2s = field(repr=False)
    """The hash with the secret as its key taken in already; it is copied for each MAC."""
    made: float
    uses: int = 0


class Cookies:
    """Makes cookies and knows its own again.

    Args:
        random: Returns that many unpredictable octets.
    """

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._random = random
        self._current: _Secret | None = None
        self._previous: _Secret | None = None

    def make(self, nonce: bytes, address: str, spi_i: bytes, now: float) -> bytes:
        """The cookie for an initiator.

        Args:
            nonce: Its nonce.
            address: Its address.
            spi_i: Its SPI.
            now: The clock.
        """
        secret = self._fresh(now)
        secret.uses += 1
        return secret.number + _mac(secret, nonce, address, spi_i)

    def verify(self, cookie: bytes, nonce: bytes, address: str, spi_i: bytes, now: float) -> bool:
        """Whether the cookie was made for this initiator and is not too old; arguments as of ``make``."""
        if len(cookie) != COOKIE_LENGTH:
            return False
        for secret in (self._current, self._previous):
            if secret is not None and secret.number == cookie[:1] and now < secret.made + 2 * SECRET_SECONDS:
                return hmac.compare_digest(cookie[1:], _mac(secret, nonce, address, spi_i))
        return False

    def _fresh(self, now: float) -> _Secret:
        current = self._current
        if current is not None and current.uses < SECRET_USES and now < current.made + SECRET_SECONDS:
            return current
        number = (current.number[0] + 1) % 256 if current else 0
        keyed = blake2s(digest_size=_MAC_LENGTH, key=self._random(_SECRET_LENGTH))
        self._previous, self._current = current, _Secret(bytes([number]), keyed, now)
        return self._current


def _mac(secret: _Secret, nonce: bytes, address: str, spi_i: bytes) -> bytes:
    # The SPI has a fixed length and an address holds no zero octet: the parts cannot run into each other.
    mac = secret.keyed.copy()
    mac.update(spi_i + address.encode() + b"\0" + nonce)
    return mac.digest()
