"""All sessions of one speaker and the routes they are to advertise. Does no input or output."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network

from bgp import render
from bgp.events import BgpEvent, UnexpectedOutput
from bgp.messages import (
    Endpoints,
    LoadedNeighbor,
    Message,
    NeighborsMessage,
    SessionMessage,
    ShutdownMessage,
    Unrecognized,
)
from bgp.neighbor import Neighbor
from bgp.session import Session


class Sessions:
    """The table of sessions, by name of neighbour and by addresses."""

    def __init__(self) -> None:
        self._by_name: dict[str, Session] = {}
        self._by_endpoints: dict[Endpoints, Session] = {}
        self._desired: dict[str, frozenset[IPv4Network]] = {}

    @property
    def neighbors(self) -> list[Neighbor]:
        """The neighbours, in the order they were given."""
        return [session.neighbor for session in self._by_name.values()]

    @property
    def connected(self) -> list[Neighbor]:
        """The neighbours whose session is established."""
        return [session.neighbor for session in self._by_name.values() if session.established]

    def set_neighbors(self, neighbors: Sequence[Neighbor]) -> list[BgpEvent]:
        """Take a new list of neighbours; a session goes on only if its neighbour is the same in everything.

        Raises:
            ValueError: Two neighbours have the same name or the same pair of addresses; nothing was changed.
        """
        check_distinct(neighbors)
        old, found = self._by_name, []
        kept = set(neighbors)
        for session in old.values():
            if session.neighbor not in kept:
                found += session.lost("the neighbour was removed")
        self._by_name = {
            neighbor.name: old[neighbor.name]
            if neighbor.name in old and old[neighbor.name].neighbor == neighbor
            else self._new_session(neighbor)
            for neighbor in neighbors
        }
        self._by_endpoints = {session.neighbor.endpoints: session for session in self._by_name.values()}
        return found

    def receive(self, message: Message) -> list[BgpEvent]:
        """What a message of ExaBGP means."""
        match message:
            case Unrecognized():
                return [UnexpectedOutput(reason=message.reason, text=message.text)]
            case SessionMessage():
                session = self._by_endpoints.get(message.endpoints)
                return session.receive(message) if session else []
            case NeighborsMessage() | ShutdownMessage():
                return []

    def advertise(self, name: str, prefixes: Iterable[IPv4Network]) -> list[BgpEvent]:
        """Set what a neighbour, present or yet to come, is to be sent."""
        self._desired[name] = frozenset(prefixes)
        session = self._by_name.get(name)
        if session is None:
            return []
        session.rib_out.desired = self._desired[name]
        return session.newly_advertised()

    def loaded(self) -> None:
        """ExaBGP has loaded all neighbours."""
        for session in self._by_name.values():
            session.loaded = True

    def commands(self) -> list[str]:
        """The API commands that make ExaBGP advertise what is desired; they count as carried out."""
        return [
            command
            for session in self._by_name.values()
            if session.loaded
            for command in render.announcements(session.neighbor, *session.rib_out.changes())
        ]

    def lost(self, reason: str) -> list[BgpEvent]:
        """ExaBGP has ended: every session is down and everything must be told again."""
        return [event for session in self._by_name.values() for event in session.lost(reason)]

    def learned(self, name: str) -> frozenset[IPv4Network]:
        """The prefixes that a neighbour announces; empty for one that is not known."""
        session = self._by_name.get(name)
        return frozenset(session.rib_in.routes) if session else frozenset()

    def _new_session(self, neighbor: Neighbor) -> Session:
        session = Session(neighbor)
        session.rib_out.desired = self._desired.get(neighbor.name, frozenset())
        return session


def check_distinct(neighbors: Sequence[Neighbor]) -> None:
    """Refuse neighbours that could not be told apart.

    Raises:
        ValueError: Two neighbours have the same name or the same pair of addresses.
    """
    seen: dict[str | tuple[IPv4Address, IPv4Address], str] = {}
    for neighbor in neighbors:
        for key, what in ((neighbor.name, "name"), (neighbor.endpoints, "local and peer address")):
            if key in seen:
                raise ValueError(f"neighbour {neighbor.name}: saw the {what} of neighbour {seen[key]} again")
            seen[key] = neighbor.name


def as_loaded(neighbors: Iterable[Neighbor]) -> frozenset[LoadedNeighbor]:
    """How ExaBGP lists these neighbours once it has loaded them."""
    return frozenset(
        LoadedNeighbor(
            endpoints=neighbor.endpoints,
            local_as=neighbor.local_as,
            peer_as=neighbor.peer_as,
            router_id=neighbor.router_id,
            hold_time=neighbor.hold_time,
        )
        for neighbor in neighbors
    )
