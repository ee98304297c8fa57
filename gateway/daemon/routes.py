"""Selects the way to each learned prefix (RFC 4271 section 9.1), as far as the service is known to."""

from collections.abc import Mapping
from ipaddress import IPv4Network

AsPath = tuple[int, ...]
Routes = dict[IPv4Network, list[str]]
"""Prefix to the tunnels that lead to it; several balance."""


class LearnedRoutes:
    """The prefixes that the tunnels of one remote network learned."""

    def __init__(self) -> None:
        self._learned: dict[str, dict[IPv4Network, AsPath]] = {}

    def learn(self, tunnel: str, prefixes: tuple[IPv4Network, ...], as_path: AsPath) -> None:
        """The CPE announced prefixes through a tunnel."""
        self._learned.setdefault(tunnel, {}).update(dict.fromkeys(prefixes, as_path))

    def withdraw(self, tunnel: str, prefixes: tuple[IPv4Network, ...]) -> None:
        """They are gone."""
        for prefix in prefixes:
            self._learned.get(tunnel, {}).pop(prefix, None)

    def of(self, tunnel: str) -> list[IPv4Network]:
        """What one tunnel has learned, sorted."""
        return sorted(self._learned.get(tunnel, ()))

    def best(self, usable: frozenset[str]) -> Routes:
        """For each prefix the tunnels with the shortest AS path among the usable ones."""
        candidates: dict[IPv4Network, dict[str, AsPath]] = {}
        for tunnel in sorted(usable & self._learned.keys()):
            for prefix, as_path in self._learned[tunnel].items():
                candidates.setdefault(prefix, {})[tunnel] = as_path
        return {prefix: _shortest(paths) for prefix, paths in candidates.items()}


def _shortest(paths: Mapping[str, AsPath]) -> list[str]:
    length = min(len(path) for path in paths.values())
    return [tunnel for tunnel, path in paths.items() if len(path) == length]
