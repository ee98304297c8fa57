"""The settings of a NAT box: read from a scenario or a command line, changed in part, written back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from typing import Any, TypeVar

from gateway.lab.natbox import values
from gateway.lab.natbox.personality import BEHAVIOURS, Behaviour, Drop, Personality
from gateway.lab.natbox.values import SettingsError

_FIRST_PORT = 40_000
REBIND_EVERY = 30.0
"""Seconds between two changes of the mappings, when personality ``rebind`` is not told otherwise."""
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class NatSettings:
    """Source NAT of what leaves towards one neighbour.

    Args:
        toward: The neighbour; everything else is inside.
        source: Inside addresses that are translated.
        to: What they become.
        personality: How it behaves.
        idle: Seconds until an idle mapping expires, instead of the personality's.
        rebind: Seconds after which every mapping gets another port, instead of the personality's; 0: never.
        drop: What is dropped beside what the personality drops.
        port: The first port that is handed out where one is rewritten.
    """

    toward: str
    source: IPv4Network
    to: IPv4Address
    personality: Personality = Personality.STATIC
    idle: float | None = None
    rebind: float | None = None
    drop: frozenset[Drop] = frozenset()
    port: int = _FIRST_PORT

    @cached_property
    def behaviour(self) -> Behaviour:
        """The personality's, with what is set otherwise."""
        preset = BEHAVIOURS[self.personality]
        idle = preset.idle if self.idle is None else self.idle
        return replace(preset, idle=idle, drop=preset.drop | self.drop)

    @property
    def rebind_every(self) -> float:
        """Seconds between two changes of the mappings, 0 for never."""
        if self.rebind is not None:
            return self.rebind
        return REBIND_EVERY if self.personality is Personality.REBIND else 0.0

    def as_json(self) -> dict[str, str]:
        """As ``read_nat`` takes it; what is not set is left out."""
        written = {
            "toward": self.toward,
            "source": str(self.source),
            "to": str(self.to),
            "personality": str(self.personality),
            "port": str(self.port),
        }
        if self.idle is not None:
            written["idle"] = values.say_duration(self.idle)
        if self.rebind is not None:
            written["rebind"] = values.say_duration(self.rebind)
        if self.drop:
            written["drop"] = ",".join(sorted(self.drop))
        return written


@dataclass(frozen=True, kw_only=True)
class Impairments:
    """What a bad line does to packets to and from one neighbour, in each direction.

    Args:
        toward: The neighbour.
        loss: Share of the packets that are lost, 0 to 1.
        delay: Seconds that each takes longer.
        jitter: Seconds by which the delay varies, up or down; the order is kept.
        duplicate: Share of the packets that arrive twice.
        reorder: Share of the packets that are overtaken by those behind.
        bandwidth: Bit/s, 0 for no limit.
        seed: Equal seeds give the same fate to the same sequence of packets.
    """

    toward: str
    loss: float = 0.0
    delay: float = 0.0
    jitter: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    bandwidth: float = 0.0
    seed: int = 1

    def as_json(self) -> dict[str, str]:
        """As ``read_impairments`` takes it."""
        return {
            "toward": self.toward,
            "loss": values.say_share(self.loss),
            "delay": values.say_duration(self.delay),
            "jitter": values.say_duration(self.jitter),
            "duplicate": values.say_share(self.duplicate),
            "reorder": values.say_share(self.reorder),
            "bandwidth": values.say_bandwidth(self.bandwidth),
            "seed": str(self.seed),
        }

    def summary(self) -> str:
        """In a few words for people; what is off is left out."""
        words = {
            "loss": self.loss and f"{self.loss * 100:g} % loss",
            "delay": self.delay and f"{self.delay * 1000:g} ms",
            "jitter": self.jitter and f"±{self.jitter * 1000:g} ms",
            "duplicate": self.duplicate and f"{self.duplicate * 100:g} % twice",
            "reorder": self.reorder and f"{self.reorder * 100:g} % late",
            "bandwidth": self.bandwidth and f"{self.bandwidth / 1e6:g} Mbit/s",
        }
        return ", ".join(str(word) for word in words.values() if word) or "no impairment"


_Readers = dict[str, Callable[[str, str], Any]]


def _one_of(kind: Callable[[str], T], known: list[str]) -> Callable[[str, str], T]:
    def read(name: str, text: str) -> T:
        if text not in known:
            raise SettingsError(f"{name}: {text}: expected one of {', '.join(known)}")
        return kind(text)

    return read


def _drops(name: str, text: str) -> frozenset[Drop]:
    known = _one_of(Drop, list(Drop))
    words = [word for word in text.replace(" ", "").split(",") if word not in {"", *values.OFF}]
    return frozenset(known(name, word) for word in words)


def _address(name: str, text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except ValueError:
        raise SettingsError(f"{name}: {text}: expected an IPv4 address") from None


def _network(name: str, text: str) -> IPv4Network:
    try:
        return IPv4Network(text)
    except ValueError:
        raise SettingsError(f"{name}: {text}: expected an IPv4 prefix, as in 192.168.1.0/24") from None


def _idle(name: str, text: str) -> float:
    seconds = values.duration(name, text)
    if not seconds:
        raise SettingsError(f"{name}: {text}: expected a duration above 0, as in 30s")
    return seconds


_NAT: _Readers = {
    "toward": lambda _, text: text,
    "source": _network,
    "to": _address,
    "personality": _one_of(Personality, list(Personality)),
    "idle": _idle,
    "rebind": values.duration,
    "drop": _drops,
    "port": lambda name, text: values.whole(name, text, 1024, 65000),
}
_IMPAIR: _Readers = {
    "toward": lambda _, text: text,
    "loss": values.share,
    "delay": values.duration,
    "jitter": values.duration,
    "duplicate": values.share,
    "reorder": values.share,
    "bandwidth": values.bandwidth,
    "seed": lambda name, text: values.whole(name, text, 0, 2**32 - 1),
}
_WIRING = frozenset({"toward", "source"})
"""What is fixed by the lab's cables and addresses while it runs."""


def read_nat(given: Mapping[str, object]) -> NatSettings:
    """The ``nat`` of a scenario; raises ``SettingsError`` for the first fault."""
    return NatSettings(**_read("nat", _NAT, given, ("toward", "source", "to")))


def read_impairments(given: Mapping[str, object]) -> Impairments:
    """The ``impair`` of a scenario; raises ``SettingsError`` for the first fault."""
    return Impairments(**_read("impair", _IMPAIR, given, ("toward",)))


def change_nat(now: NatSettings, given: Mapping[str, object]) -> NatSettings:
    """With some settings changed; raises ``SettingsError``, also for what a running lab cannot change."""
    return replace(now, **_read("nat", _NAT, _changeable(given), ()))


def change_impairments(now: Impairments, given: Mapping[str, object]) -> Impairments:
    """With some settings changed; raises ``SettingsError``, also for what a running lab cannot change."""
    return replace(now, **_read("impair", _IMPAIR, _changeable(given), ()))


def _changeable(given: Mapping[str, object]) -> Mapping[str, object]:
    for name in given:
        if name in _WIRING:
            raise SettingsError(f"{name}: a running lab cannot change it; run the scenario again with --set")
    return given


def _read(
    what: str, readers: _Readers, given: Mapping[str, object], needed: tuple[str, ...]
) -> dict[str, Any]:
    if missing := [name for name in needed if name not in given]:
        raise SettingsError(f"{what} needs {', '.join(missing)}")
    unknown = [name for name in given if name not in readers]
    if unknown:
        known = ", ".join(readers)
        raise SettingsError(f"{what} has no setting {', '.join(unknown)}: expected some of {known}")
    return {name: readers[name](name, _text(value)) for name, value in given.items()}


def _text(value: object) -> str:
    """A value of YAML or JSON as it was written."""
    if isinstance(value, list):
        return ",".join(map(str, value))
    if isinstance(value, bool):  # YAML reads `off` as one
        return "on" if value else "off"
    return "none" if value is None else str(value).strip()
