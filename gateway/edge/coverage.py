"""Which destinations the associated traffic forwarding profiles cover."""

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, collapse_addresses
from itertools import accumulate

PREFERRED_PROFILE = "microsoft"
"""Wins when two profiles cover a destination by the same prefix."""

_ATTEMPTS = 8


@dataclass(frozen=True, kw_only=True)
class CoveredProfile:
    """A traffic forwarding profile that is enabled and associated with the remote network.

    Args:
        name: ``microsoft`` or ``internet``.
        prefixes: What it covers; any order, overlaps allowed.
    """

    name: str
    prefixes: tuple[IPv4Network, ...]


@dataclass(frozen=True, kw_only=True)
class Match:
    """The profile and the prefix, of ``CoveredProfile``, that cover a destination."""

    profile: str
    prefix: IPv4Network


class Coverage:
    """Looks destinations up, longest prefix first, and picks addresses for names.

    Args:
        profiles: The associated profiles.
    """

    def __init__(self, profiles: Sequence[CoveredProfile]) -> None:
        self._matches: dict[tuple[int, int], Match] = {}
        for profile in sorted(profiles, key=lambda profile: profile.name == PREFERRED_PROFILE):
            for prefix in profile.prefixes:
                key = prefix.prefixlen, int(prefix.network_address)
                self._matches[key] = Match(profile=profile.name, prefix=prefix)
        self._lengths = sorted({length for length, _ in self._matches}, reverse=True)
        prefixes = (match.prefix for match in self._matches.values())
        self.prefixes: tuple[IPv4Network, ...] = tuple(collapse_addresses(prefixes))
        """What is covered by any profile: sorted, without overlaps."""
        self._ends = tuple(accumulate(prefix.num_addresses for prefix in self.prefixes))

    def match(self, destination: IPv4Address) -> Match | None:
        """The longest prefix that covers ``destination``; None when none does."""
        number = int(destination)
        for length in self._lengths:
            network = number >> (32 - length) << (32 - length)
            found = self._matches.get((length, network))
            if found is not None:
                return found
        return None

    def address_for(self, name: str) -> IPv4Address | None:
        """An address for a host name: the same for the same name, until the coverage changes.

        Addresses that end in 0 or 255 are avoided where there is a choice: they look like mistakes. None when
        nothing is covered.
        """
        if not self._ends:
            return None
        address = self._hashed_address(name, 0)
        for attempt in range(1, _ATTEMPTS):
            if int(address) % 256 not in {0, 255}:
                break
            address = self._hashed_address(name, attempt)
        return address

    def _hashed_address(self, name: str, attempt: int) -> IPv4Address:
        """The n-th covered address, n being a hash of the name and of the attempt."""
        digest = hashlib.blake2b(f"{attempt} {name.lower()}".encode(), digest_size=8).digest()
        nth = int.from_bytes(digest, "big") % self._ends[-1]
        position = bisect_right(self._ends, nth)
        return self.prefixes[position][nth - self._ends[position]]
