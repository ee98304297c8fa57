"""The units of settings, as people write them: ``10%``, ``40ms``, ``10mbit``."""

import re
from collections.abc import Mapping

_DURATIONS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_BANDWIDTHS = {"bit": 1.0, "kbit": 1e3, "mbit": 1e6, "gbit": 1e9}
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)([a-z%]*)", re.ASCII)
OFF = frozenset({"0", "off", "none", "never"})
"""What switches a setting off."""


class SettingsError(ValueError):
    """A setting that cannot be used; the text says which, what was given, and what was expected."""


def share(name: str, text: str) -> float:
    """A percentage as a number from 0 to 1; raises ``SettingsError``."""
    if text in OFF:
        return 0.0
    number = _quantity(text, {"%": 0.01})
    if number is None or number > 1:
        raise SettingsError(f"{name}: {text}: expected a percentage from 0% to 100%, as in 10%")
    return number


def duration(name: str, text: str) -> float:
    """A duration in seconds, 0 when it is switched off; raises ``SettingsError``."""
    if text in OFF:
        return 0.0
    number = _quantity(text, _DURATIONS)
    if number is None:
        raise SettingsError(f"{name}: {text}: expected a duration, as in 40ms, 30s or 5m, or off")
    return number


def bandwidth(name: str, text: str) -> float:
    """A bandwidth in bit/s, 0 for no limit; raises ``SettingsError``."""
    if text in OFF:
        return 0.0
    number = _quantity(text, _BANDWIDTHS)
    if number is None:
        raise SettingsError(f"{name}: {text}: expected a bandwidth, as in 512kbit or 10mbit, or off")
    return number


def whole(name: str, text: str, low: int, high: int) -> int:
    """A whole number; raises ``SettingsError``."""
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise SettingsError(f"{name}: {text}: expected a whole number from {low} to {high}")
    return int(text)


def say_share(number: float) -> str:
    """The inverse of ``share``."""
    return f"{number * 100:g}%"


def say_duration(seconds: float) -> str:
    """The inverse of ``duration``."""
    if not seconds:
        return "off"
    return f"{seconds:g}s" if seconds >= 1 else f"{seconds * 1000:g}ms"


def say_bandwidth(bits: float) -> str:
    """The inverse of ``bandwidth``."""
    unit = next((u for u in ("gbit", "mbit", "kbit") if bits >= _BANDWIDTHS[u]), "bit")
    return f"{bits / _BANDWIDTHS[unit]:g}{unit}" if bits else "off"


def _quantity(text: str, units: Mapping[str, float]) -> float | None:
    found = _NUMBER.fullmatch(text.strip().lower())
    if found is None or found[2] not in units:
        return None
    return float(found[1]) * units[found[2]]
