"""The routing information bases of one session (RFC 4271 section 3.2), owned by the gateway.

ExaBGP loses what was announced through its API when it restarts or when a neighbour is removed and added
again, and its acknowledgements name no route. So what is wanted, what ExaBGP was told and what really left
in UPDATE messages are kept apart here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network


class AdjRibOut:
    """Routes towards the CPE."""

    def __init__(self) -> None:
        self.desired: frozenset[IPv4Network] = frozenset()
        """What is to be advertised."""
        self._told: frozenset[IPv4Network] = frozenset()
        self._sent: set[IPv4Network] = set()
        self._reported: frozenset[IPv4Network] = frozenset()

    def changes(self) -> tuple[list[IPv4Network], list[IPv4Network]]:
        """What ExaBGP must be told now, announcements and withdrawals, sorted; counts as told from now on."""
        announce, withdraw = self.desired - self._told, self._told - self.desired
        self._told = self.desired
        return sorted(announce), sorted(withdraw)

    def forget(self) -> None:
        """ExaBGP has lost what it was told: the next ``changes`` are everything."""
        self._told = frozenset()
        self.session_closed()

    def sent(self, announced: Iterable[IPv4Network], withdrawn: Iterable[IPv4Network]) -> None:
        """An UPDATE message left with these prefixes."""
        self._sent.difference_update(withdrawn)
        self._sent.update(announced)

    def session_closed(self) -> None:
        """The CPE holds nothing from us any more."""
        self._sent.clear()
        self._reported = frozenset()

    def newly_complete(self) -> int | None:
        """The number of prefixes sent, once each time that what was sent becomes exactly what is desired."""
        if self._sent != self.desired or self._reported == self.desired:
            return None
        self._reported = self.desired
        return len(self.desired)


@dataclass(frozen=True, kw_only=True)
class Route:
    """The attributes of a learned prefix.

    Args:
        next_hop: NEXT_HOP (RFC 4271 section 5.1.3).
        as_path: AS_PATH (RFC 4271 section 5.1.2), the nearest AS first.
    """

    next_hop: IPv4Address
    as_path: tuple[int, ...]


class AdjRibIn:
    """Routes from the CPE."""

    def __init__(self) -> None:
        self.routes: dict[IPv4Network, Route] = {}
        """The learned prefixes with their attributes."""

    def announce(self, prefixes: Iterable[IPv4Network], route: Route) -> tuple[IPv4Network, ...]:
        """Take prefixes in; returns those that are new or changed."""
        changed = tuple(prefix for prefix in prefixes if self.routes.get(prefix) != route)
        self.routes.update(dict.fromkeys(changed, route))
        return changed

    def withdraw(self, prefixes: Iterable[IPv4Network]) -> tuple[IPv4Network, ...]:
        """Remove prefixes; returns those that had been there."""
        return tuple(prefix for prefix in prefixes if self.routes.pop(prefix, None) is not None)

    def clear(self) -> tuple[IPv4Network, ...]:
        """Remove all prefixes; returns them."""
        return self.withdraw(tuple(self.routes))
