"""The address ranges of the traffic forwarding profiles."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from ipaddress import IPv4Address, IPv4Network, collapse_addresses
from typing import Literal

ProfileName = Literal["microsoft", "internet"]
Prefixes = tuple[IPv4Network, ...]

EVERYTHING = IPv4Network("0.0.0.0/0")


def prefixes(
    profile: ProfileName,
    *,
    exclude: Iterable[IPv4Address | IPv4Network | str] = (),
    include: Iterable[IPv4Address | IPv4Network | str] = (),
) -> Prefixes:
    """The prefixes of a profile, sorted; never 0.0.0.0/0.

    ``microsoft`` is the list of 25 prefixes as they are published. ``internet`` is the IPv4 unicast space
    without the ranges of ``special_purpose.txt``, in as few prefixes as possible; it holds Microsoft's too.

    Args:
        profile: Name of the profile.
        exclude: Addresses or prefixes to leave out: the gateway's own endpoints.
        include: Addresses or prefixes to add, even from a special range.
    """
    ranges = _microsoft() if profile == "microsoft" else _internet()
    rest = [*subtract(ranges, exclude), *map(IPv4Network, include)]
    return tuple(sorted(rest) if profile == "microsoft" else collapse_addresses(rest))


def subtract(ranges: Prefixes, holes: Iterable[IPv4Address | IPv4Network | str]) -> Prefixes:
    """The prefixes without the holes: each prefix that has a hole is split as little as possible."""
    result = list(ranges)
    for hole in sorted(set(map(IPv4Network, holes))):
        result = [part for prefix in result for part in _without(prefix, hole)]
    return tuple(sorted(result))


def _without(prefix: IPv4Network, hole: IPv4Network) -> Iterable[IPv4Network]:
    if prefix.subnet_of(hole):
        return ()
    return prefix.address_exclude(hole) if hole.subnet_of(prefix) else (prefix,)


@cache
def _microsoft() -> Prefixes:
    return _read("microsoft.txt")


@cache
def _internet() -> Prefixes:
    return subtract((EVERYTHING,), _read("special_purpose.txt"))


def _read(name: str) -> Prefixes:
    """The prefixes of a data file: the first word of each line that is no comment."""
    text = (files("gateway") / "data" / name).read_text("utf-8")
    words = (line.partition("#")[0].split() for line in text.splitlines())
    return tuple(IPv4Network(word[0]) for word in words if word)
