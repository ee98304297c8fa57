"""Reads what ExaBGP writes to its API process: one JSON object per line.

Nothing that arrives here raises: what is not understood becomes ``Unrecognized``.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from bgp.events import FsmState

Endpoints = tuple[IPv4Address, IPv4Address]
"""Local and peer address of a session."""

_FAMILY = "ipv4 unicast"
_QUOTED = 200
"""Characters of an unrecognized line that are kept."""
_COMMUNICATIONS = {(6, 2), (6, 4)}
"""Cease subcodes whose data is a length and a text (RFC 9003)."""


@dataclass(frozen=True, kw_only=True)
class SessionMessage:
    """Something about one session.

    Args:
        endpoints: Which session.
    """

    endpoints: Endpoints


@dataclass(frozen=True, kw_only=True)
class ConnectedMessage(SessionMessage):
    """A TCP connection was accepted."""


@dataclass(frozen=True, kw_only=True)
class UpMessage(SessionMessage):
    """The session is established."""


@dataclass(frozen=True, kw_only=True)
class DownMessage(SessionMessage):
    """The connection ended; ``reason`` is in ExaBGP's words."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class FsmMessage(SessionMessage):
    """The session entered ``state``."""

    state: FsmState


@dataclass(frozen=True, kw_only=True)
class OpenMessage(SessionMessage):
    """The CPE's OPEN message: AS number, BGP identifier, hold time in seconds, names of capabilities."""

    asn: int
    router_id: IPv4Address
    hold_time: int
    capabilities: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class NegotiatedMessage(SessionMessage):
    """What both OPEN messages amount to: hold time in seconds, common families."""

    hold_time: int
    families: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class UpdateMessage(SessionMessage):
    """An UPDATE message, IPv4 unicast only; ``announced`` by next hop. An End-of-RIB has no prefixes."""

    sent: bool
    announced: Mapping[IPv4Address, tuple[IPv4Network, ...]]
    withdrawn: tuple[IPv4Network, ...]
    as_path: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class NotificationMessage(SessionMessage):
    """A NOTIFICATION message; ``detail`` is its data where that is text."""

    sent: bool
    code: int
    subcode: int
    data: bytes
    detail: str


@dataclass(frozen=True, kw_only=True)
class LoadedNeighbor:
    """A neighbour as ExaBGP has it now."""

    endpoints: Endpoints
    local_as: int
    peer_as: int
    router_id: IPv4Address
    hold_time: int


@dataclass(frozen=True, kw_only=True)
class NeighborsMessage:
    """The answer to ``show neighbor json``."""

    neighbors: frozenset[LoadedNeighbor]


@dataclass(frozen=True, kw_only=True)
class ShutdownMessage:
    """ExaBGP is about to end."""


@dataclass(frozen=True, kw_only=True)
class Unrecognized:
    """A line that is not understood; ``text`` is its beginning."""

    reason: str
    text: str


Message = SessionMessage | NeighborsMessage | ShutdownMessage | Unrecognized


def parse(line: bytes) -> Message:
    """The message in one line of ExaBGP's output, without or with its line break."""
    try:
        return _message(json.loads(line))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        text = line.strip()[:_QUOTED].decode(errors="backslashreplace")
        return Unrecognized(reason=f"{type(error).__name__}: {error}"[:_QUOTED], text=text)


def _message(document: Any) -> Message:  # noqa: ANN401  any JSON document
    if isinstance(document, list):
        return NeighborsMessage(neighbors=frozenset(map(_loaded_neighbor, document)))
    if document.get("notification") == "shutdown":
        return ShutdownMessage()
    neighbor = document["neighbor"]
    address = neighbor["address"]
    endpoints = IPv4Address(str(address["local"])), IPv4Address(str(address["peer"]))
    return _PARSERS[document["type"]](endpoints, neighbor)


def _loaded_neighbor(entry: Any) -> LoadedNeighbor:  # noqa: ANN401  any JSON value
    local, peer = entry["local"], entry["peer"]
    return LoadedNeighbor(
        endpoints=(IPv4Address(str(local["address"])), IPv4Address(str(peer["address"]))),
        local_as=int(local["as"]),
        peer_as=int(peer["as"]),
        router_id=IPv4Address(str(local["id"])),
        hold_time=int(local["hold"]),
    )


def _state(endpoints: Endpoints, neighbor: dict[str, Any]) -> SessionMessage:
    state = neighbor["state"]
    if state == "connected":
        return ConnectedMessage(endpoints=endpoints)
    if state == "up":
        return UpMessage(endpoints=endpoints)
    if state == "down":
        return DownMessage(endpoints=endpoints, reason=str(neighbor["reason"]))
    raise ValueError(f"saw session state {state!r}, expected connected, up or down")


def _fsm(endpoints: Endpoints, neighbor: dict[str, Any]) -> SessionMessage:
    return FsmMessage(endpoints=endpoints, state=FsmState(neighbor["state"]))


def _open(endpoints: Endpoints, neighbor: dict[str, Any]) -> SessionMessage:
    message = neighbor["open"]
    capabilities = message["capabilities"]
    four_octets = (c["asn4"] for c in capabilities.values() if c.get("name") == "asn4")
    return OpenMessage(
        endpoints=endpoints,
        asn=int(next(four_octets, message["asn"])),
        router_id=IPv4Address(str(message["router_id"])),
        hold_time=int(message["hold_time"]),
        capabilities=tuple(_capability_name(number, c) for number, c in capabilities.items()),
    )


def _capability_name(number: str, capability: Mapping[str, Any]) -> str:
    name = str(capability.get("name", "unknown"))
    return f"capability {number}" if name == "unknown" else name.replace("-", " ")


def _negotiated(endpoints: Endpoints, neighbor: dict[str, Any]) -> SessionMessage:
    negotiated = neighbor["negotiated"]
    return NegotiatedMessage(
        endpoints=endpoints,
        hold_time=int(negotiated["hold_time"]),
        families=tuple(map(str, negotiated["families"])),
    )


def _update(endpoints: Endpoints, neighbor: dict[str, Any]) -> SessionMessage:
    message = neighbor["message"]
    update = {} if "eor" in message else message["update"]
    announced = update.get("announce", {}).get(_FAMILY, {})
    return UpdateMessage(
        endpoints=endpoints,
        sent=_sent(neighbor),
        announced={IPv4Address(hop): _prefixes(entries) for hop, entries in announced.items()},
        withdrawn=_prefixes(update.get("withdraw", {}).get(_FAMILY, [])),
        as_path=_as_path(update.get("attribute", {}).get("as-path", {})),
    )


def _prefixes(entries: list[dict[str, Any]]) -> tuple[IPv4Network, ...]:
    return tuple(IPv4Network(str(entry["nlri"])) for entry in entries)


def _as_path(segments: Mapping[str, Mapping[str, Any]]) -> tuple[int, ...]:
    ordered = sorted(segments.items(), key=lambda item: int(item[0]))
    return tuple(int(asn) for _, segment in ordered for asn in segment["value"])


def _notification(endpoints: Endpoints, neighbor: dict[str, Any]) -> SessionMessage:
    notification = neighbor["notification"]
    code, subcode = int(notification["code"]), int(notification["subcode"])
    data = bytes.fromhex(str(notification["data"]).removeprefix("0x"))
    return NotificationMessage(
        endpoints=endpoints,
        sent=_sent(neighbor),
        code=code,
        subcode=subcode,
        data=data,
        detail=_communication(data) if (code, subcode) in _COMMUNICATIONS else _text(data),
    )


def _communication(data: bytes) -> str:
    """The text of a shutdown communication: ExaBGP gives a sent one raw, a received one in its own words."""
    text = _text(data[1:] if data and data[0] == len(data) - 1 else data)
    return text.removeprefix('Shutdown Communication: "').removesuffix('"')


def _text(data: bytes) -> str:
    text = data.decode(errors="replace")
    return text if text.isprintable() and "\N{REPLACEMENT CHARACTER}" not in text else ""


def _sent(neighbor: dict[str, Any]) -> bool:
    direction = neighbor["direction"]
    if direction not in {"send", "receive"}:
        raise ValueError(f"saw direction {direction!r}, expected send or receive")
    return bool(direction == "send")


_PARSERS: dict[str, Callable[[Endpoints, dict[str, Any]], SessionMessage]] = {
    "state": _state,
    "fsm": _fsm,
    "open": _open,
    "negotiated": _negotiated,
    "update": _update,
    "notification": _notification,
}
