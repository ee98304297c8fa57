"""Every order in which the messages of two ends can arrive, with some of them lost.

A run is a list of choices; it is made anew from the start for every list, so all runs are independent.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from ike.state import ChildState, State
from tests.ike.pair import End, Pair

SETTLED = 500.0
"""Seconds after which every retransmission, retry and deadline is over."""


class Fate(Enum):
    """What happens to a message."""

    ARRIVES = auto()
    IS_LOST = auto()


@dataclass(frozen=True)
class Choice:
    """What happens next: ``index`` is the message's place on the wire."""

    to_gateway: bool
    index: int
    fate: Fate


def runs(start: Callable[[], Pair], *, losses: int) -> Iterator[tuple[Pair, list[bytes], str]]:
    """All runs that begin like ``start``, each up to where the wire is quiet.

    Args:
        start: Makes the pair, with messages on the wire.
        losses: How many messages are lost at most; the ends repeat them later.

    Yields:
        The pair, the messages that were lost, and the choices in words.
    """
    waiting: list[tuple[Choice, ...]] = [()]
    while waiting:
        path = waiting.pop()
        pair, lost = start(), list[bytes]()
        for number in range(1000):
            choices = list(_choices(pair, may_lose=len(lost) < losses))
            if not choices:
                break
            if number == len(path):
                waiting += [(*path, other) for other in choices[1:]]
                path = (*path, choices[0])
            _carry_out(pair, path[number], lost)
        yield pair, lost, ", ".join(map(_text, path))


def _choices(pair: Pair, *, may_lose: bool) -> Iterator[Choice]:
    for end in (pair.gateway, pair.cpe):
        wire = pair.wire_to(end)
        for index, data in enumerate(wire):
            if list(wire).index(data) == index:
                yield Choice(end is pair.gateway, index, Fate.ARRIVES)
                if may_lose:
                    yield Choice(end is pair.gateway, index, Fate.IS_LOST)


def _carry_out(pair: Pair, choice: Choice, lost: list[bytes]) -> None:
    end = pair.gateway if choice.to_gateway else pair.cpe
    if choice.fate is Fate.IS_LOST:
        lost.append(pair.wire_to(end)[choice.index])
        pair.lose_to(end, choice.index)
    else:
        pair.deliver_to(end, choice.index)


def _text(choice: Choice) -> str:
    return f"{choice.fate.name} at {'gateway' if choice.to_gateway else 'CPE'} [{choice.index}]"


def assert_settled(pair: Pair) -> None:
    """Both ends are at rest and hold the same SAs; nothing waits for anything."""
    pair.assert_agreement()
    for end in (pair.gateway, pair.cpe):
        assert_rest(end)


def assert_rest(end: End) -> None:
    """An end has nothing under way and no SA that is about to go."""
    assert {sa.state for sa in end.sas} <= {State.ESTABLISHED}
    assert {child.state for child in end.children} <= {ChildState.INSTALLED}
    assert not any(sa.outstanding or sa.queued or sa.postponed for sa in end.sas)
    assert len(end.ctx.esp_owner) == len(end.children)
