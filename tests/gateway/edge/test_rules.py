"""How the rules are rendered and how nft's refusals are told."""

import asyncio
from ipaddress import IPv4Address, IPv4Network

import pytest

from gateway.doctor.problem import EnvironmentProblem
from gateway.edge.drops import DropReason
from gateway.edge.rules import RulesError, load, ruleset

REFUSING = ["sh", "-c", "cat > /dev/null; echo 'Error: no such table' >&2; exit 1"]
COVERED = [IPv4Network("13.0.0.0/8"), IPv4Network("52.96.0.0/14")]


def test_the_sets_are_filled() -> None:
    text = ruleset([IPv4Address("198.51.100.1")], COVERED)
    assert "add element ip edge bgp_addresses { 198.51.100.1 }\n" in text
    assert "add element ip edge covered { 13.0.0.0/8, 52.96.0.0/14 }\n" in text


@pytest.mark.parametrize("reason", DropReason)
def test_every_reason_has_its_counter_and_the_mark_that_drops_are_read_by(reason: DropReason) -> None:
    text = ruleset([], COVERED)
    assert f"counter {reason.value} {{ }}" in text
    assert f"counter name {reason.value} meta mark set {reason.number} " in text


@pytest.mark.parametrize("reason", DropReason)
def test_every_reason_is_given_by_some_rule(reason: DropReason) -> None:
    assert f"goto {reason.value}\n" in ruleset([], [])


def test_an_empty_set_is_not_mentioned_because_nft_refuses_no_elements() -> None:
    assert "add element" not in ruleset([], [])


def test_in_a_namespace_of_its_own_nothing_is_outside() -> None:
    assert "goto underlay" not in ruleset([], COVERED)


def test_in_a_shared_namespace_only_what_comes_from_a_tunnel_is_judged_and_marked() -> None:
    rules = ruleset([], COVERED, mark=7)
    first = rules[rules.index("chain arriving") :].splitlines()[2:4]
    assert [line.strip() for line in first] == ['iifname != "gsa*" goto underlay', "meta mark set 7"]
    leaving = rules[rules.index("chain leaving") :].splitlines()[2]
    assert leaving.strip() == 'oifname != "gsa*" accept'


def test_what_nft_refuses_is_told_in_its_words() -> None:
    with pytest.raises(RulesError, match="nft -f -: Error: no such table"):
        asyncio.run(load(REFUSING, "x"))


def test_a_machine_without_nft_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(EnvironmentProblem) as caught:
        asyncio.run(load([], "x"))
    assert "install nftables" in caught.value.fix
