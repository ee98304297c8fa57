"""The gate before any state: who may have a half-open IKE SA, and who is asked for a cookie first.

It comes before parsing (RFC 7296 section 2.6). A request without a valid cookie is asked for one

- always or never, when so configured;
- when as many IKE SAs are half-open as ``Limits.cookie_threshold``, or more requests than that were refused;
- when its source address has ``Limits.max_half_open_per_source`` half-open IKE SAs.

The limit of a source is then applied to those IKE SAs alone whose initiator returned a cookie. So whoever
forges a peer's address can cost that peer a round trip, but not its tunnel.

A refused IKE_AUTH ends its IKE SA at once, so those limits do not bound how often that happens: requests of
an address whose IKE_AUTH failed too often are dropped before all that (``Limits.failed_auths``).
"""

from ike.config import CookieMode
from ike.constants import HEADER_LENGTH, IKE_MAJOR_VERSION, ExchangeType, HeaderFlag, NotifyType, PayloadType
from ike.context import Context
from ike.cookies import COOKIE_LENGTH, Cookies
from ike.path import Path
from ike.peek import cookie_of, nonce_of
from ike.rate import Bucket

REFUSALS_PER_SECOND = 10.0
"""Requests without a cookie that may be refused per second, after a burst of ``Limits.cookie_threshold``."""

_NO_SPI, _MESSAGE_0 = bytes(8), bytes(4)
_NOTIFY_LENGTH = 8 + COOKIE_LENGTH
_ASK = (
    _NO_SPI
    + bytes([PayloadType.NOTIFY, IKE_MAJOR_VERSION << 4, ExchangeType.IKE_SA_INIT, HeaderFlag.RESPONSE])
    + _MESSAGE_0
    + (HEADER_LENGTH + _NOTIFY_LENGTH).to_bytes(4, "big")
    + bytes([PayloadType.NONE, 0])
    + _NOTIFY_LENGTH.to_bytes(2, "big")
    + bytes(2)  # no protocol, no SPI
    + NotifyType.COOKIE.to_bytes(2, "big")
)
"""The response that asks for a cookie, between the initiator's SPI and the cookie: the same every time."""


class Gate:
    """Decides about IKE_SA_INIT requests by their source and what a glance at them shows.

    Args:
        ctx: The responder's shared state.
    """

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._limits = ctx.limits
        self._cookies = Cookies(ctx.random)
        self._refusals = Bucket(max(1, ctx.limits.cookie_threshold), REFUSALS_PER_SECOND)

    def has_cookie(self, data: bytes, path: Path) -> bool:
        """Whether the request holds a valid cookie."""
        cookie = cookie_of(data)
        if cookie is None or self._limits.cookies is CookieMode.NEVER:
            return False
        nonce = nonce_of(data)
        if nonce is None:
            return False
        return self._cookies.verify(cookie, nonce, path.remote_ip, data[:8], self._ctx.now)

    def why_cookie(self, path: Path) -> str:
        """Why a request without a valid cookie is asked for one; empty when it is not."""
        half_open, limits = self._ctx.half_open, self._limits
        if limits.cookies is CookieMode.ALWAYS:
            return "cookies are always asked for"
        if limits.cookies is CookieMode.NEVER:
            return ""
        if len(half_open) >= limits.cookie_threshold:
            return "many IKE SAs are half-open"
        if half_open.of_source(path.remote_ip) >= limits.max_half_open_per_source:
            return "many IKE SAs of this address are half-open"
        if not self._refusals.available(self._ctx.now):
            return "many requests were refused"
        return ""

    def why_barred(self, path: Path) -> str:
        """Why no request of this address is let in for now, cookie or not; empty when one is.

        Who gets as far as a refused IKE_AUTH has had our response, so nobody can have another address barred.
        """
        if self._ctx.failed_auths.available(path.remote_ip, self._ctx.now):
            return ""
        return f"too many IKE_AUTH requests failed, of {path.remote_ip} or of all together"

    def why_full(self, path: Path, *, verified: bool) -> str:
        """Why there is no room for another half-open IKE SA; empty when there is."""
        half_open, address = self._ctx.half_open, path.remote_ip
        if len(half_open) >= self._limits.max_half_open:
            return f"{len(half_open)} are half-open already"
        of_source = half_open.verified_of(address) if verified else half_open.of_source(address)
        if of_source >= self._limits.max_half_open_per_source:
            return f"{of_source} of {address} are half-open already"
        return ""

    def cookie_message(self, data: bytes, path: Path) -> bytes | None:
        """The response that asks for a cookie; None for a request without a nonce."""
        nonce = nonce_of(data)
        if nonce is None:
            return None
        spi_i = data[:8]
        return spi_i + _ASK + self._cookies.make(nonce, path.remote_ip, spi_i, self._ctx.now)

    def count_refusal(self) -> None:
        """A request without a cookie was refused: it left nothing behind, but it cost time."""
        self._refusals.take(self._ctx.now)
