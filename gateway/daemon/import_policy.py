"""Which of the prefixes that a CPE announces are taken: those that can be a branch's."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from enum import StrEnum
from ipaddress import IPv4Network, collapse_addresses

from gateway.model.profiles import prefixes
from gateway.model.resources import MICROSOFT_ASN


class Refusal(StrEnum):
    """Why a prefix is not taken."""

    DEFAULT_ROUTE = "default_route"
    ADVERTISED = "advertised"
    OWN_AS = "own_as"
    NOT_UNICAST = "not_unicast"

    @property
    def explanation(self) -> str:
        """The reason as a sentence without its full stop."""
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    Refusal.DEFAULT_ROUTE: "a default route, or half of one, is no branch's prefix",
    Refusal.ADVERTISED: "the prefix belongs to the service, which advertises it",
    Refusal.NOT_UNICAST: "0.0.0.0/8, 127.0.0.0/8 and 224.0.0.0/3 hold no host's address",
    Refusal.OWN_AS: "the route comes back: its AS path holds the gateway's own AS number",
}


_NO_HOSTS = tuple(map(IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3")))
"""Prefixes that RFC 4271 section 6.3 calls semantically incorrect, to be ignored."""


class ImportPolicy:
    """What is taken from the CPEs of a remote network.

    A default route would make every source address look like the branch's, and so would its two halves
    (0.0.0.0/1 and 128.0.0.0/1), by which routers outdo one. A prefix that is, or covers, what is advertised
    to the branch would draw the service's traffic into the tunnel, as would a part of Microsoft's ranges. A
    part of the rest of the internet is taken: a branch may have public addresses.

    A route whose AS path holds our own AS number is left out whatever its prefix (RFC 4271 section 9.1.2).
    That is no mistake of the CPE: many announce to a neighbour what they learned from it, FRR for one.

    Args:
        advertised: What is advertised to the CPEs.
    """

    def __init__(self, advertised: Iterable[IPv4Network]) -> None:
        self._advertised = sorted(advertised)
        microsoft = prefixes("microsoft")
        is_told = not set(microsoft).isdisjoint(self._advertised)
        self._microsoft = list(collapse_addresses(microsoft)) if is_told else []

    def refusal(self, prefix: IPv4Network) -> Refusal | None:
        """Why a prefix is not taken; None when it is."""
        if prefix.prefixlen <= 1:
            return Refusal.DEFAULT_ROUTE
        if any(prefix.subnet_of(each) for each in _NO_HOSTS):
            return Refusal.NOT_UNICAST
        return Refusal.ADVERTISED if self._covers(prefix) or self._is_microsofts(prefix) else None

    def _covers(self, prefix: IPv4Network) -> bool:
        """Whether it is, or covers, what is advertised: of its own length or longer, sorted behind it."""
        place = bisect_left(self._advertised, prefix)
        return place < len(self._advertised) and self._advertised[place].subnet_of(prefix)

    def _is_microsofts(self, prefix: IPv4Network) -> bool:
        """Whether it lies in the last of the separate ranges that begin before it."""
        place = bisect_right(self._microsoft, prefix.network_address, key=lambda each: each.network_address)
        return place > 0 and prefix.subnet_of(self._microsoft[place - 1])

    def sort(
        self, announced: Sequence[IPv4Network], as_path: Sequence[int]
    ) -> tuple[tuple[IPv4Network, ...], dict[Refusal, list[IPv4Network]]]:
        """The prefixes of one AS path that are taken, and the others by reason."""
        if MICROSOFT_ASN in as_path:
            return (), {Refusal.OWN_AS: list(announced)}
        taken = []
        refused: dict[Refusal, list[IPv4Network]] = {}
        for prefix in announced:
            reason = self.refusal(prefix)
            if reason is None:
                taken.append(prefix)
            else:
                refused.setdefault(reason, []).append(prefix)
        return tuple(taken), refused
