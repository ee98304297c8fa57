"""The anti-replay window against a naive model, and the inference of 64-bit sequence numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dataplane.replay import ReplayWindow

LOW = 1 << 32


class NaiveWindow:
    """RFC 4303 section 3.4.3 word for word: a set of everything ever seen."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.seen: set[int] = set()

    def check(self, sequence: int) -> bool:
        inside = sequence > max(self.seen, default=0) - self.size
        return sequence > 0 and inside and sequence not in self.seen


def at(top: int, size: int = 64) -> ReplayWindow:
    window = ReplayWindow(size)
    if top:
        window.update(top)
    return window


@given(
    size=st.sampled_from([1, 2, 8, 64, 1024]),
    start=st.sampled_from([0, 100, LOW - 20, LOW * 3 + 5]),
    steps=st.lists(st.integers(-1100, 1100), max_size=300),
)
def test_window_agrees_with_a_set_of_everything_seen(size: int, start: int, steps: list[int]) -> None:
    window, naive, sequence = ReplayWindow(size), NaiveWindow(size), start
    for step in steps:
        sequence = max(0, sequence + step)
        assert window.check(sequence) == naive.check(sequence)
        if naive.check(sequence):
            window.update(sequence)
            naive.seen.add(sequence)


def test_number_zero_is_never_accepted() -> None:
    assert not ReplayWindow().check(0)
    assert not at(5).check(0)


def test_the_left_edge_is_the_last_number_inside() -> None:
    window = at(100, size=64)
    assert window.check(37)
    assert not window.check(36)


def test_a_number_is_accepted_once() -> None:
    window = at(100)
    window.update(99)
    assert not window.check(99)
    assert not window.check(100)
    assert window.check(98)


def test_check_alone_moves_nothing() -> None:
    window = at(100)
    assert window.check(10_000)
    assert window.check(10_000)
    assert window.top == 100


@pytest.mark.parametrize("size", [0, -1, 3, 1000])
def test_a_size_that_is_no_power_of_two_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"window of {size} packets: must be a power of two"):
        ReplayWindow(size)


@pytest.mark.parametrize(
    ("top", "low", "expected"),
    [
        (0, 1, 1),
        (1000, 937, 937),
        (1000, 936, LOW + 936),
        (LOW - 1, LOW - 1, LOW - 1),
        (LOW - 1, 0, LOW),
        (LOW + 10, 5, LOW + 5),
        (LOW + 10, LOW - 1, LOW - 1),
        (LOW + 10, LOW - 53, LOW - 53),
        (LOW + 10, LOW - 54, 2 * LOW - 54),
        (3 * LOW + 63, 0, 3 * LOW),
        (3 * LOW + 64, 0, 4 * LOW),
    ],
    ids=[
        "case B, first packet",
        "case A, left edge",
        "case A, left of the window is the next subspace",
        "last of a subspace",
        "first of the next subspace",
        "case B, right part",
        "case B, left part belongs to the subspace before",
        "case B, left edge",
        "case B, left of the window",
        "case A, window starts with the subspace",
        "case A, one later",
    ],
)
def test_the_high_half_is_inferred_as_in_rfc_4303_a2(top: int, low: int, expected: int) -> None:
    assert at(top, size=64).extend(low) == expected


def test_a_number_before_the_first_packet_of_the_sa_is_no_number() -> None:
    window = at(10, size=64)
    assert window.extend(LOW - 3) == 0
    assert not window.check(window.extend(LOW - 3))


def test_a_number_that_lay_before_the_first_packet_lies_ahead_once_the_window_is_near() -> None:
    """So an authentic packet can be refused first and taken later, and only then is it a replay."""
    number = LOW - 8
    window = at(0)
    assert not window.check(window.extend(number))
    window.update(LOW // 4)
    assert window.extend(number) == number
    assert window.check(number)
    window.update(number)
    assert not window.check(window.extend(number))


@given(top=st.integers(1, 1 << 40), ahead=st.integers(-63, LOW - 64))
def test_every_number_that_can_be_told_apart_is_told_right(top: int, ahead: int) -> None:
    sequence = top + ahead
    if sequence > 0:
        assert at(top, size=64).extend(sequence % LOW) == sequence
