"""Turns the typed events of ``ike`` and ``bgp`` into records of the stream.

A record is named after the event's class in snake case: ``ChildSaEstablished`` becomes
``child_sa_established``. SPIs are written in hexadecimal, proposals in one line. Keys are never translated.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network
from operator import attrgetter
from typing import Any

from bgp.events import BgpEvent, NeighborEvent
from gateway.records import Category, Record, Stream
from ike.door_events import EventsSuppressed, NatHashesOffered
from ike.events import (
    DatagramDropped,
    EspKeysDerived,
    Event,
    IkeKeysDerived,
    NatDetection,
)
from ike.proposal import Proposal
from ike.selection import ProposalVerdict

_COMMON = frozenset({"peer", "ike_spi", "path", "neighbor"})
_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")

Translator = Callable[[Any], Any]
"""Makes of a value what JSON has for it."""


def publish_ike(stream: Stream, event: Event) -> Record | None:
    """Publish an event of the responder; None for one that carries keys, which is not published."""
    shape = _SHAPES[type(event)]
    if shape.is_secret:
        return None
    data = shape.data(event)
    data["local"], data["remote"] = event.path.local, event.path.remote
    if shape.has_reason:
        _add_reason(data, event)
    return stream.publish(
        shape.category, shape.name, tunnel=event.peer or None, ike_spi=event.ike_spi or None, **data
    )


def _add_reason(data: dict[str, Any], event: Event) -> None:
    """Name the rule behind a drop, and what is suppressed."""
    if isinstance(event, DatagramDropped | EventsSuppressed) and event.reason is not None:
        data["reason"], data["rule"] = event.reason.name.lower(), event.reason.value
    if isinstance(event, EventsSuppressed):
        data["kind"] = _snake(event.kind)


def publish_bgp(stream: Stream, remote_network: str, event: BgpEvent) -> Record:
    """Publish an event of a remote network's BGP speaker."""
    shape = _SHAPES[type(event)]
    if isinstance(event, NeighborEvent):
        return stream.publish("bgp", shape.name, tunnel=event.neighbor, **shape.data(event))
    return stream.publish("bgp", shape.name, remote_network=remote_network, **shape.data(event))


def _snake(name: str) -> str:
    return _WORD_START.sub("_", name).lower()


@dataclass(frozen=True, kw_only=True)
class _Shape:
    """What all events of one class have in common.

    Args:
        name: Name of their records.
        category: Of the records, if the responder makes the events.
        is_secret: Whether they carry keys.
        has_reason: Whether they name a rule that may have dropped a datagram.
        members: The members that become data, and how each is translated.
    """

    name: str
    category: Category
    is_secret: bool
    has_reason: bool
    members: tuple[tuple[str, Translator], ...]

    def data(self, event: Event | BgpEvent) -> dict[str, Any]:
        """The data of an event's record."""
        return {name: translate(getattr(event, name)) for name, translate in self.members}


class _Shapes(dict[type, _Shape]):
    """By class of events; found when the first one comes."""

    def __missing__(self, kind: type[Event | BgpEvent]) -> _Shape:
        self[kind] = shape = _shape_of(kind)
        return shape


_SHAPES = _Shapes()


def _shape_of(kind: type[Event | BgpEvent]) -> _Shape:
    names = (each.name for each in fields(kind) if each.name not in _COMMON)
    return _Shape(
        name=_snake(kind.__name__),
        category="nat" if issubclass(kind, NatDetection | NatHashesOffered) else "ike",
        is_secret=issubclass(kind, IkeKeysDerived | EspKeysDerived),
        has_reason=issubclass(kind, DatagramDropped | EventsSuppressed),
        members=tuple((name, _TRANSLATED.get(name, _plain)) for name in names),
    )


def _spi(value: int) -> str:
    return f"{value:08x}"


def _spis(values: tuple[int, ...]) -> list[str]:
    return [_spi(value) for value in values]


_AS_THEY_ARE = frozenset({str, int, float, bool, type(None)})


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON-compatible value
    """The value as JSON has it."""
    kind = type(value)
    return value if kind in _AS_THEY_ARE else _TRANSLATORS[kind](value)


def _list(values: Any) -> list[Any]:  # noqa: ANN401 - of any JSON-compatible values
    return [_plain(value) for value in values]


def _translator_of(kind: type) -> Translator:
    """How values of a class are translated."""
    if issubclass(kind, Proposal):
        found: Translator = attrgetter("text")
    elif issubclass(kind, ProposalVerdict):
        found = _verdict
    elif issubclass(kind, Enum):
        found = attrgetter("value")
    elif issubclass(kind, IPv4Address | IPv4Network):
        found = str
    elif issubclass(kind, bytes):
        found = bytes.hex
    elif issubclass(kind, tuple | list | frozenset):
        found = _list
    elif is_dataclass(kind):
        found = _members
    else:
        found = _as_it_is
    return found


class _Translators(dict[type, Translator]):
    """By class of values; found when the first one comes."""

    def __missing__(self, kind: type) -> Translator:
        self[kind] = translator = _translator_of(kind)
        return translator


_TRANSLATORS = _Translators()


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - any JSON-compatible value
    return value


def _members(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass
    return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}


@lru_cache(maxsize=32)
def _verdict(value: ProposalVerdict) -> dict[str, Any]:
    """One object for all equal verdicts: a CPE offers the same in every exchange, and records are many."""
    return _members(value)


_TRANSLATED: dict[str, Translator] = {"spi_in": _spi, "spi_out": _spi, "spis_in": _spis}
"""By member of an event: how it is written, where not as ``_plain`` does."""
