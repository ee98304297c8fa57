"""Lifetimes: where the soft limit lies before the hard one (RFC 7296 section 2.8)."""

import pytest

from ike.config import Lifetimes


@pytest.mark.parametrize(
    ("chance", "soft"), [(0.0, 900.0), (1.0, 950.0)], ids=["the whole margin", "the margin less its jitter"]
)
def test_the_soft_limit_lies_between_the_margin_and_the_margin_less_its_jitter(
    chance: float, soft: float
) -> None:
    assert Lifetimes(margin=0.1, jitter=0.5).soft(1000.0, chance) == pytest.approx(soft)


def test_without_jitter_the_soft_limit_is_fixed() -> None:
    lifetimes = Lifetimes(margin=0.2, jitter=0.0)
    assert lifetimes.soft(100.0, 0.0) == lifetimes.soft(100.0, 1.0) == pytest.approx(80.0)


def test_without_a_margin_the_soft_limit_is_the_hard_one() -> None:
    assert Lifetimes(margin=0.0).soft(100.0, 0.7) == 100.0
