"""What is kept of IKE SAs that have ended, for a while: the last answer, for a peer that did not get it.

A peer whose Delete we have answered sends it again when the answer is lost. Nothing secret is kept.
"""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256

from ike.ike_sa import IkeSa

SECONDS = 60.0
"""How long an answer is kept: a peer's usual retransmissions fall into it."""
MOST = 1000
"""IKE SAs remembered; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """The last exchange of an IKE SA that has ended.

    Args:
        request: SHA-256 of the peer's last request, as received.
        response: The datagrams of our response, as sent.
        until: When it is forgotten.
    """

    request: bytes
    response: tuple[bytes, ...]
    until: float


class Tombstones:
    """The IKE SAs that have ended lately, by our SPI."""

    def __init__(self) -> None:
        self._stones: OrderedDict[bytes, Tombstone] = OrderedDict()

    def __len__(self) -> int:
        return len(self._stones)

    def add(self, sa: IkeSa, now: float) -> None:
        """Remember an IKE SA that has answered something."""
        if sa.has_answered:
            self._expire(now)
            stone = Tombstone(sha256(sa.last_request).digest(), sa.last_response, now + SECONDS)
            self._stones[sa.own_spi] = stone
            if len(self._stones) > MOST:
                self._stones.popitem(last=False)

    def answer(self, own_spi: bytes, request: bytes, now: float) -> tuple[bytes, ...] | None:
        """The answer to a repeated last request, or None."""
        self._expire(now)
        stone = self._stones.get(own_spi)
        return stone.response if stone and stone.request == sha256(request).digest() else None

    def _expire(self, now: float) -> None:
        while self._stones and next(iter(self._stones.values())).until <= now:
            self._stones.popitem(last=False)
