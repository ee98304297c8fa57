"""Turns the typed events of ``ike`` and ``bgp`` into records of the stream.

A record is named after the event's class in snake case: ``ChildSaEstablished`` becomes
``child_sa_established``. SPIs are written in hexadecimal, proposals in one line. Keys are never translated.
"""

import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from bgp.events import BgpEvent, NeighborEvent
from gateway.records import Record, Stream
from ike.door_events import EventsSuppressed, NatHashesOffered
from ike.events import (
    DatagramDropped,
    EspKeysDerived,
    Event,
    IkeKeysDerived,
    NatDetection,
)
from ike.proposal import Proposal

_COMMON = frozenset({"peer", "ike_spi", "path", "neighbor"})
_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")


def publish_ike(stream: Stream, event: Event) -> Record | None:
    """Publish an event of the responder; None for one that carries keys, which is not published."""
    if isinstance(event, IkeKeysDerived | EspKeysDerived):
        return None
    data = _data(event)
    data["local"], data["remote"] = event.path.local, event.path.remote
    if isinstance(event, DatagramDropped | EventsSuppressed) and event.reason is not None:
        data["reason"], data["rule"] = event.reason.name.lower(), event.reason.value
    if isinstance(event, EventsSuppressed):
        data["kind"] = _snake(event.kind)
    return stream.publish(
        "nat" if isinstance(event, NatDetection | NatHashesOffered) else "ike",
        _name(event),
        tunnel=event.peer or None,
        ike_spi=event.ike_spi or None,
        **data,
    )


def publish_bgp(stream: Stream, remote_network: str, event: BgpEvent) -> Record:
    """Publish an event of a remote network's BGP speaker."""
    if isinstance(event, NeighborEvent):
        return stream.publish("bgp", _name(event), tunnel=event.neighbor, **_data(event))
    return stream.publish("bgp", _name(event), remote_network=remote_network, **_data(event))


def _name(event: Event | BgpEvent) -> str:
    return _shape(type(event))[0]


def _snake(name: str) -> str:
    return _WORD_START.sub("_", name).lower()


_SHAPES: dict[type, tuple[str, tuple[str, ...]]] = {}
"""What ``_shape`` found, by kind of event."""


def _shape(kind: type[Event | BgpEvent]) -> tuple[str, tuple[str, ...]]:
    """The name of an event's records, and the members that become their data."""
    if kind not in _SHAPES:
        _SHAPES[kind] = _snake(kind.__name__), tuple(f.name for f in fields(kind) if f.name not in _COMMON)
    return _SHAPES[kind]


def _data(event: Event | BgpEvent) -> dict[str, Any]:
    return {name: _TRANSLATED.get(name, _plain)(getattr(event, name)) for name in _shape(type(event))[1]}


def _spi(value: int) -> str:
    return f"{value:08x}"


def _spis(values: tuple[int, ...]) -> list[str]:
    return [_spi(value) for value in values]


_AS_THEY_ARE = frozenset({str, int, float, bool, type(None)})


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON-compatible value
    """The value as JSON has it."""
    if type(value) in _AS_THEY_ARE:
        return value
    match value:
        case Proposal():
            plain: Any = value.text
        case Enum():
            plain = value.value
        case IPv4Address() | IPv4Network():
            plain = str(value)
        case bytes():
            plain = value.hex()
        case tuple() | list() | frozenset():
            plain = [_plain(item) for item in value]
        case _ if is_dataclass(value):
            plain = {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
        case _:
            plain = value
    return plain


_TRANSLATED: dict[str, Callable[[Any], Any]] = {"spi_in": _spi, "spi_out": _spi, "spis_in": _spis}
"""By member of an event: how it is written, where not as ``_plain`` does."""
