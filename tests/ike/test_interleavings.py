"""Two ends start something at the same time; every order of their messages leads both to the same SAs."""

import itertools
from collections.abc import Callable

import pytest

from ike.events import RekeyCollision
from tests.ike.effort import THOROUGH
from tests.ike.interleavings import SETTLED, assert_settled, runs
from tests.ike.pair import HIGH, HIGHEST, LOW, MIDDLE, End, Pair
from tests.ike.world import IKE_CBC_128

Action = Callable[[Pair, End], None]

ACTIONS: dict[str, Action] = {
    "rekey the CHILD SA": lambda pair, end: pair.rekey_child(end),
    "rekey another CHILD SA": lambda pair, end: pair.rekey_child(end, index=1),
    "delete the CHILD SA": lambda pair, end: pair.delete_child(end),
    "delete another CHILD SA": lambda pair, end: pair.delete_child(end, index=1),
    "create a CHILD SA": lambda pair, end: pair.create_child(end),
    "rekey the IKE SA": lambda pair, end: pair.rekey_ike(end),
    "delete the IKE SA": lambda pair, end: pair.delete_ike(end),
    "probe": lambda pair, end: pair.probe(end),
}
TOGETHER = [
    (first, second)
    for first, second in itertools.combinations_with_replacement(ACTIONS, 2)
    if "another" not in first
]
LOSSES = 2 if THOROUGH else 0
NONCES = [
    pytest.param((LOW, MIDDLE), (HIGH, HIGHEST), id="lowest in the request of the gateway"),
    pytest.param((HIGH, LOW), (MIDDLE, HIGHEST), id="lowest in the answer of the gateway"),
    pytest.param((HIGH, HIGHEST), (LOW, MIDDLE), id="lowest in the request of the CPE"),
    pytest.param((MIDDLE, HIGHEST), (HIGH, LOW), id="lowest in the answer of the CPE"),
]
"""Nonces of request and answer, of the gateway and of the CPE."""


def two_children() -> Pair:
    pair = Pair(suite=IKE_CBC_128)
    pair.create_child(pair.gateway)
    pair.deliver_all()
    assert len(pair.gateway.children) == 2
    return pair


def replay(pair: Pair, lost: list[bytes]) -> None:
    """What was lost comes after all, when it is of no use any more."""
    before = [(sa.name, sa.state, list(sa.children)) for end in (pair.gateway, pair.cpe) for sa in end.sas]
    for data in lost:
        pair.give(pair.gateway, data)
        pair.give(pair.cpe, data)
    pair.deliver_all()
    after = [(sa.name, sa.state, list(sa.children)) for end in (pair.gateway, pair.cpe) for sa in end.sas]
    assert after == before


@pytest.mark.parametrize(("first", "second"), TOGETHER)
def test_two_ends_agree_after_any_order_of_messages_and_any_one_loss(first: str, second: str) -> None:
    def start() -> Pair:
        pair = two_children()
        ACTIONS[first](pair, pair.gateway)
        ACTIONS[second](pair, pair.cpe)
        return pair

    number = 0
    for number, (pair, lost, story) in enumerate(runs(start, losses=1), 1):
        pair.elapse(SETTLED)
        try:
            assert_settled(pair)
            replay(pair, lost)
        except AssertionError as error:
            raise AssertionError(f"run {number}: {story}") from error
    assert number > 5


@pytest.mark.parametrize(("gateway", "cpe"), NONCES)
@pytest.mark.parametrize("what", ["CHILD", "IKE"])
def test_of_two_rekeyings_one_stays_whatever_the_order(
    what: str, gateway: tuple[bytes, bytes], cpe: tuple[bytes, bytes]
) -> None:
    def start() -> Pair:
        pair = Pair(suite=IKE_CBC_128)
        pair.gateway.nonces.extend(gateway)
        pair.cpe.nonces.extend(cpe)
        rekey = pair.rekey_child if what == "CHILD" else pair.rekey_ike
        rekey(pair.gateway)
        rekey(pair.cpe)
        return pair

    collisions = 0
    for pair, lost, story in runs(start, losses=LOSSES):
        pair.elapse(SETTLED)
        try:
            assert_settled(pair)
            assert [len(sa.children) for sa in pair.gateway.sas] == [1], "one CHILD SA under one IKE SA"
            ours = [event.ours_stays for event in pair.gateway.of(RekeyCollision)]
            assert set(ours) <= {LOW not in {gateway[0], cpe[1]}}, "the exchange with the lowest nonce goes"
            replay(pair, lost)
        except AssertionError as error:
            raise AssertionError(story) from error
        collisions += bool(ours)
    assert collisions
