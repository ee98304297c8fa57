"""Settings of the NAT box: what can be written, what changes, and what is refused how."""

from typing import Any

import pytest

from gateway.lab.natbox.settings import change_impairments, change_nat, read_impairments, read_nat
from gateway.lab.natbox.values import SettingsError

NAT = {"toward": "internet", "source": "192.168.1.0/24", "to": "198.51.100.10"}


def test_impairments_are_read_in_the_units_that_people_write() -> None:
    line = read_impairments(
        {"toward": "a", "loss": "10%", "delay": "40ms", "jitter": "5ms", "bandwidth": "10mbit", "seed": 7}
    )
    assert [line.loss, line.delay, line.jitter] == pytest.approx([0.1, 0.04, 0.005])
    assert (line.bandwidth, line.seed) == (1e7, 7)


@pytest.mark.parametrize("off", ["0", "off", "none", 0, None, False])
def test_what_is_switched_off_is_zero(off: object) -> None:
    assert read_impairments({"toward": "a", "loss": off, "delay": off, "bandwidth": off}) == (
        read_impairments({"toward": "a"})
    )


def test_settings_survive_being_written_and_read() -> None:
    nat = read_nat({**NAT, "personality": "symmetric", "idle": "90s", "rebind": "5m", "drop": ["esp"]})
    assert read_nat(nat.as_json()) == nat
    line = read_impairments({"toward": "a", "loss": "2.5%", "delay": "1.5s", "bandwidth": "512kbit"})
    assert read_impairments(line.as_json()) == line


def test_what_a_change_does_not_name_stays() -> None:
    nat = read_nat({**NAT, "personality": "symmetric", "idle": "90s"})
    changed = change_nat(nat, {"idle": "20s"})
    assert (changed.personality, changed.idle) == ("symmetric", 20.0)
    line = read_impairments({"toward": "a", "loss": "10%", "delay": "40ms"})
    assert change_impairments(line, {"loss": "off"}) == read_impairments({"toward": "a", "delay": "40ms"})


REFUSED: list[tuple[Any, str]] = [
    ({"loss": "7"}, "loss: 7: expected a percentage from 0% to 100%, as in 10%"),
    ({"loss": "101%"}, "loss: 101%: expected a percentage from 0% to 100%, as in 10%"),
    ({"delay": "40"}, "delay: 40: expected a duration, as in 40ms, 30s or 5m, or off"),
    ({"bandwidth": "fast"}, "bandwidth: fast: expected a bandwidth, as in 512kbit or 10mbit, or off"),
    ({"seed": "-1"}, "seed: -1: expected a whole number from 0 to 4294967295"),
    ({"lose": "7%"}, "impair has no setting lose: expected some of toward, loss, delay"),
    ({"toward": "b"}, "toward: a running lab cannot change it"),
]


@pytest.mark.parametrize(("given", "said"), REFUSED)
def test_a_refused_impairment_says_what_was_given_and_what_is_expected(given: Any, said: str) -> None:
    with pytest.raises(SettingsError) as error:
        change_impairments(read_impairments({"toward": "a"}), given)
    assert str(error.value).startswith(said)


def test_a_refused_personality_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"personality: x: expected one of none, static, rewrite-500"):
        read_nat({**NAT, "personality": "x"})


def test_a_mapping_cannot_live_for_ever() -> None:
    with pytest.raises(SettingsError, match="idle: never: expected a duration above 0"):
        read_nat({**NAT, "idle": "never"})


def test_what_is_missing_is_named() -> None:
    with pytest.raises(SettingsError, match="nat needs source, to"):
        read_nat({"toward": "internet"})
