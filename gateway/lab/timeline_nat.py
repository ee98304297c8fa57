"""The records of a NAT box as lines of the timeline."""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.lab.result import Step

Data = Mapping[str, Any]
Line = tuple[str, str, bool]


def box_step_of(record: Mapping[str, Any], start: float, *, several: bool = False) -> Step | None:
    """The line for a record, or None for one that is no step of its own.

    Args:
        record: A record as JSON.
        start: When the CPE was started, in seconds since the epoch.
        several: There is more than one box, so the line says which it is.
    """
    write = _LINES.get(record["name"])
    if write is None:
        return None
    data = record["data"]
    what, detail, good = write(data)
    ms = round((record["time"] - start) * 1000)
    detail = f"{data['node']}: {detail}" if several else detail
    return Step(ms=ms, who="nat", what=what, detail=detail, good=good)


def _translation(data: Data) -> str:
    protocol = "" if data["protocol"] == "UDP" else f"{data['protocol']} "
    return f"{protocol}{data['inside']} → {data['outside']}"


def _created(data: Data) -> Line:
    return "mapping", f"{_translation(data)}, for {data['remote']}", True


def _changed(data: Data) -> Line:
    return "mapping changed", f"{_translation(data)}, before: {data['was']}", False


def _expired(data: Data) -> Line:
    return "mapping expired", f"{_translation(data)}, idle for {data['idle']:g} s", False


def _stolen(data: Data) -> Line:
    return "mapping taken", f"{_translation(data)} is now {data['by']}'s", False


def _dropped(data: Data) -> Line:
    return "dropped", f"{_packet(data)}: {data['reason']}{_repeated(data)}", False


def _lost(data: Data) -> Line:
    reason = "" if data["reason"] == "lost" else f": {data['reason']}"
    return "lost on the line", f"{_packet(data)}{reason}{_repeated(data)}", True


def _packet(data: Data) -> str:
    return f"{data['packet']}, to {data['destination']}"


def _repeated(data: Data) -> str:
    return f" ({data['count']} so far)" if data["count"] > 1 else ""


def _nat_set(data: Data) -> Line:
    return "settings changed", _pairs({k: v for k, v in data["settings"].items() if k not in _WIRING}), True


def _line_set(data: Data) -> Line:
    return "line changed", data["summary"], True


_WIRING = frozenset({"toward", "source", "to", "port"})


def _pairs(settings: Mapping[str, str]) -> str:
    return ", ".join(f"{key} {value}" for key, value in settings.items())


_LINES: dict[str, Callable[[Data], Line]] = {
    "nat_mapping_created": _created,
    "nat_mapping_changed": _changed,
    "nat_mapping_expired": _expired,
    "nat_mapping_stolen": _stolen,
    "nat_packet_dropped": _dropped,
    "line_packet_lost": _lost,
    "nat_changed": _nat_set,
    "line_changed": _line_set,
}
