"""The table of a NAT: which inside address and port appears as which outside port, and until when."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.lab.natbox.packet import ICMP, IKE_PORT, NATT_PORT, TCP, UDP, address
from gateway.lab.natbox.personality import Behaviour, Ports

_LAST_PORT = 65_535
TCP_IDLE = 7440.0
"""Seconds until an idle TCP mapping expires (RFC 5382 REQ-5)."""
_WITH_PORTS = frozenset({ICMP, TCP, UDP})

Endpoint = tuple[int, int]
"""IPv4 address and port; of ICMP the echo identifier, of ESP 0."""
Key = tuple[int, Endpoint, Endpoint | None]
"""Protocol, inside, and the destination where the mapping depends on it."""


class PinnedError(Exception):
    """The outside port belongs to another inside host, ``owner``, and is not given to a second one."""

    def __init__(self, owner: str) -> None:
        super().__init__(owner)
        self.owner = owner


@dataclass(kw_only=True, eq=False)
class Mapping:
    """One row.

    Args:
        proto: IP protocol.
        inside: Address and port of the inside host.
        port: The port that it appears with.
        remote: Whom it was made for.
        used: When a packet last passed, by the caller's clock.
        was: The port that it had before, when it changed.
        remotes: Whom the inside host has sent to; only they may answer.
    """

    proto: int
    inside: Endpoint
    port: int
    remote: Endpoint
    used: float
    was: int | None = None
    remotes: set[Endpoint] = field(default_factory=set)


class Mappings:
    """The table.

    Args:
        first_port: The first port that is handed out.
    """

    def __init__(self, first_port: int) -> None:
        self._rows: dict[Key, Mapping] = {}
        self._by_port: dict[tuple[int, int, int | None], Mapping] = {}
        self._next_port = first_port
        self._first_port = first_port
        self._last: dict[Key, int] = {}
        self.gone: list[Mapping] = []

    def __iter__(self) -> Iterator[Mapping]:
        return iter(self._rows.values())

    def outbound(
        self, proto: int, inside: Endpoint, remote: Endpoint, behaviour: Behaviour, now: float
    ) -> tuple[Mapping, bool]:
        """The mapping for a packet that leaves, and whether it is new.

        Raises:
            PinnedError: The port is another host's.
        """
        key = self._key(proto, inside, remote, behaviour)
        row = self._rows.get(key)
        new = row is None
        if row is None:
            port = self._port(proto, inside, remote, behaviour)
            was = self._last.get(key)
            row = Mapping(proto=proto, inside=inside, port=port, remote=remote, used=now)
            row.was = was if was != port else None
            self._rows[key] = row
            self._last[key] = port
            self._by_port[self._outside(row)] = row
        row.used = now
        row.remotes.add(remote)
        return row, new

    def inbound(self, proto: int, remote: Endpoint, port: int, now: float) -> Mapping | None:
        """The mapping for a packet that arrives; None when nobody inside has asked for it."""
        row = self.find(proto, remote, port)
        if row is not None:
            row.used = now
        return row

    def find(self, proto: int, remote: Endpoint, port: int) -> Mapping | None:
        """The same, without a sign of life."""
        row = self._by_port.get((proto, port, None if proto in _WITH_PORTS else remote[0]))
        return row if row is not None and remote in row.remotes else None

    def idle_until(self, row: Mapping, behaviour: Behaviour) -> float:
        """When a mapping expires, unless it is used before."""
        return row.used + (max(TCP_IDLE, behaviour.idle) if row.proto == TCP else behaviour.idle)

    def expire(self, behaviour: Behaviour, now: float) -> list[Mapping]:
        """Remove what was idle for too long."""
        idle = [row for row in self if self.idle_until(row, behaviour) <= now]
        for row in idle:
            self._remove(row)
        return idle

    def next_expiry(self, behaviour: Behaviour) -> float | None:
        """When the next mapping expires."""
        return min((self.idle_until(row, behaviour) for row in self), default=None)

    def rebind(self) -> list[Mapping]:
        """Give every UDP mapping another port."""
        rows = [row for row in self if row.proto == UDP]
        for row in rows:
            del self._by_port[self._outside(row)]
            row.was, row.port = row.port, self._free_port(row.proto)
            self._by_port[self._outside(row)] = row
        self._last |= {key: row.port for key, row in self._rows.items()}
        return rows

    def clear(self) -> None:
        """Forget every mapping, but not which port each host had."""
        self._rows.clear()
        self._by_port.clear()

    def _key(self, proto: int, inside: Endpoint, remote: Endpoint, behaviour: Behaviour) -> Key:
        by_destination = proto not in _WITH_PORTS or (
            proto == UDP and behaviour.ports is Ports.BY_DESTINATION
        )
        return proto, inside, remote if by_destination else None

    def _outside(self, row: Mapping) -> tuple[int, int, int | None]:
        """What a packet from outside is recognised by; without ports, by who sent it."""
        return row.proto, row.port, None if row.proto in _WITH_PORTS else row.remote[0]

    def _port(self, proto: int, inside: Endpoint, remote: Endpoint, behaviour: Behaviour) -> int:
        wanted = inside[1]
        if proto not in _WITH_PORTS:
            other = self._by_port.get((proto, 0, remote[0]))
            if other is not None:  # the latest to send gets the answers: there is no port to tell them by
                self._remove(other)
            return 0
        if proto == UDP and _rewrites(behaviour.ports, wanted):
            return self._free_port(proto)
        other = self._by_port.get((proto, wanted, None))
        if other is None:
            return wanted
        if proto == UDP and wanted == IKE_PORT and behaviour.pins_500:
            if not behaviour.steals_500:
                raise PinnedError(address(other.inside[0]))
            self._remove(other)
            self.gone.append(other)
            return wanted
        return self._free_port(proto)

    def _free_port(self, proto: int) -> int:
        """The next port in turn that nobody has."""
        while (proto, self._next_port, None) in self._by_port:
            self._advance()
        port = self._next_port
        self._advance()
        return port

    def _advance(self) -> None:
        self._next_port = self._next_port + 1 if self._next_port < _LAST_PORT else self._first_port

    def _remove(self, row: Mapping) -> None:
        self._by_port.pop(self._outside(row), None)
        self._rows = {key: other for key, other in self._rows.items() if other is not row}


def _rewrites(ports: Ports, port: int) -> bool:
    return {
        Ports.KEPT: False,
        Ports.REWRITE_500: port == IKE_PORT,
        Ports.REWRITE_4500: port == NATT_PORT,
        Ports.BY_DESTINATION: True,
    }[ports]
