"""Races between two ends, message by message: which are late, lost or repeated is written in each test.

Every order of the messages is tried in ``test_interleavings``; here the known sequences have their names.
"""

from dataclasses import replace

import pytest

from ike.child_sa import ChildSa
from ike.config import Lifetimes
from ike.constants import DhGroup
from ike.events import (
    ChildSaClosed,
    ChildSaEstablished,
    IkeSaRekeyed,
    OwnRequestRefused,
    RekeyCollision,
)
from ike.state import ChildState, State
from tests.ike.interleavings import SETTLED, assert_settled
from tests.ike.pair import HIGH, HIGHEST, LOW, MIDDLE, End, Pair
from tests.ike.world import IKE_CBC_128, PEER

ENDS = ["gateway", "cpe"]


def fast() -> Pair:
    return Pair(suite=IKE_CBC_128)


def both_rekey_child(pair: Pair, *, ours_goes: bool) -> None:
    """Both requests are on the wire; the lowest nonce is in one of them."""
    pair.gateway.nonces.extend((LOW, MIDDLE) if ours_goes else (HIGH, HIGHEST))
    pair.cpe.nonces.extend((HIGH, HIGHEST) if ours_goes else (LOW, MIDDLE))
    pair.rekey_child(pair.gateway)
    pair.rekey_child(pair.cpe)


def both_rekey_ike(pair: Pair, *, ours_goes: bool) -> None:
    pair.gateway.nonces.extend((LOW, MIDDLE) if ours_goes else (HIGH, HIGHEST))
    pair.cpe.nonces.extend((HIGH, HIGHEST) if ours_goes else (LOW, MIDDLE))
    pair.rekey_ike(pair.gateway)
    pair.rekey_ike(pair.cpe)


def refusals(end: End) -> list[str]:
    return [event.notify for event in end.of(OwnRequestRefused)]


def one_child_is_left(pair: Pair) -> None:
    pair.elapse(SETTLED)
    assert_settled(pair)
    assert [len(sa.children) for sa in pair.gateway.sas] == [1]


# Rekeying without a collision


@pytest.mark.parametrize("by", ENDS)
@pytest.mark.parametrize("pfs", [(), (DhGroup.ECP_256,)], ids=["without PFS", "with PFS"])
def test_child_sas_are_rekeyed_again_and_again(by: str, pfs: tuple[DhGroup, ...]) -> None:
    pair = Pair(config=replace(PEER, pfs_groups=pfs), suite=IKE_CBC_128)
    for _ in range(5):
        pair.rekey_child(getattr(pair, by))
        pair.deliver_all()
        one_child_is_left(pair)
    assert len(pair.gateway.of(ChildSaEstablished)) == 6


@pytest.mark.parametrize("by", ENDS)
def test_ike_sas_are_rekeyed_again_and_again_and_keep_their_child_sa(by: str) -> None:
    pair = fast()
    (child,) = pair.gateway.children
    for _ in range(5):
        pair.rekey_ike(getattr(pair, by))
        one_child_is_left(pair)
    assert pair.gateway.children == [child]
    assert len(pair.gateway.of(IkeSaRekeyed)) == 5


def test_each_of_three_child_sas_is_replaced_by_its_own_successor() -> None:
    pair = fast()
    for _ in range(2):
        pair.create_child(pair.gateway)
        pair.deliver_all()
    old = [child.spi_in for child in pair.gateway.children]
    for index, end in enumerate((pair.gateway, pair.cpe, pair.gateway)):
        child = next(child for child in pair.gateway.children if child.spi_in == old[index])
        end.responder.rekey_child(child.spi_in if end is pair.gateway else child.esp.spi_out, pair.now)
        pair.collect()
        pair.deliver_all()
    assert sorted(child.replaces or 0 for child in pair.gateway.children) == sorted(old)
    assert_settled(pair)


def test_two_ends_rekey_different_child_sas_at_the_same_time() -> None:
    pair = fast()
    pair.create_child(pair.gateway)
    pair.deliver_all()
    pair.rekey_child(pair.gateway, index=0)
    pair.rekey_child(pair.cpe, index=1)
    pair.elapse(SETTLED)
    assert not pair.gateway.of(RekeyCollision)
    assert len(pair.gateway.children) == 2
    assert_settled(pair)


# Both ends rekey the CHILD SA


@pytest.mark.parametrize("ours_goes", [True, False])
def test_our_child_rekey_request_is_lost_and_the_peer_finishes_first(*, ours_goes: bool) -> None:
    """The second sequence of section 2.8.1: CHILD_SA_NOT_FOUND is ignored."""
    pair = fast()
    both_rekey_child(pair, ours_goes=ours_goes)
    pair.lose_to(pair.cpe)
    pair.deliver_all()
    pair.advance(4.1)
    pair.deliver_all()
    assert refusals(pair.gateway) == ["CHILD_SA_NOT_FOUND"]
    one_child_is_left(pair)
    assert not pair.gateway.of(RekeyCollision)


@pytest.mark.parametrize("ours_goes", [True, False])
def test_the_answer_to_our_child_rekey_comes_after_the_peer_has_deleted_the_old_child_sa(
    *, ours_goes: bool
) -> None:
    pair = fast()
    both_rekey_child(pair, ours_goes=ours_goes)
    pair.deliver_to(pair.cpe)
    pair.deliver_to(pair.gateway)
    pair.deliver_to(pair.cpe)  # our answer: the peer decides
    while len(pair.to_gateway) > 1:
        pair.deliver_to(pair.gateway, 1)
    assert not pair.gateway.of(RekeyCollision)
    pair.deliver_all()
    assert [event.ours_stays for event in pair.gateway.of(RekeyCollision)] == [not ours_goes]
    one_child_is_left(pair)


@pytest.mark.parametrize("lost", ["request", "answer"])
@pytest.mark.parametrize("ours_goes", [True, False])
def test_a_child_rekey_collision_survives_the_loss_of_what_the_peer_sends(
    *, lost: str, ours_goes: bool
) -> None:
    pair = fast()
    both_rekey_child(pair, ours_goes=ours_goes)
    if lost == "request":
        pair.lose_to(pair.gateway)
    else:
        pair.deliver_to(pair.cpe)
        pair.lose_to(pair.gateway, 1)
    one_child_is_left(pair)


def test_a_redundant_child_sa_receives_until_it_is_deleted_and_does_not_send() -> None:
    pair = fast()
    both_rekey_child(pair, ours_goes=True)
    pair.deliver_to(pair.gateway)
    pair.deliver_to(pair.cpe)
    pair.deliver_to(pair.gateway)
    redundant = pair.gateway.of(ChildSaEstablished)[-1]
    assert pair.gateway.responder.esp_parameters(redundant.spi_in) is not None
    assert redundant.initiated_by_us is False, "what says that we send on it at once"
    one_child_is_left(pair)
    assert [e.reason for e in pair.gateway.of(ChildSaClosed) if e.spi_in == redundant.spi_in] == [
        "redundant after a rekey collision"
    ]


def test_an_old_child_sa_that_the_answering_end_deletes_wrongly_is_gone_once() -> None:
    """It is for the end that asked for the rekeying to delete it; some peers do it all the same."""
    pair = fast()
    pair.rekey_child(pair.gateway)
    pair.deliver_to(pair.cpe)
    pair.delete_child(pair.cpe, index=0)
    pair.deliver_all()
    one_child_is_left(pair)
    assert len(pair.gateway.of(ChildSaClosed)) == 1


@pytest.mark.parametrize("what", ["CHILD", "IKE"])
def test_a_collision_of_which_every_message_comes_twice(what: str) -> None:
    pair = fast()
    (both_rekey_child if what == "CHILD" else both_rekey_ike)(pair, ours_goes=True)
    for _ in range(12):
        for end in (pair.gateway, pair.cpe):
            if wire := pair.wire_to(end):
                data = wire.popleft()
                pair.give(end, data)
                pair.give(end, data)
    one_child_is_left(pair)


# Rekeying and deleting


@pytest.mark.parametrize("first", ENDS)
def test_a_child_sa_is_deleted_by_one_end_while_the_other_one_rekeys_it(first: str) -> None:
    """TEMPORARY_FAILURE for the rekeying, a Delete payload in the answer to the delete (section 2.25.1)."""
    pair = fast()
    pair.rekey_child(pair.gateway)
    pair.delete_child(pair.cpe)
    pair.deliver_to(getattr(pair, first))
    pair.deliver_all()
    assert refusals(pair.gateway) == ["TEMPORARY_FAILURE"]
    pair.elapse(SETTLED)
    assert pair.gateway.children == []
    assert_settled(pair)


def test_a_rekey_request_that_comes_after_the_child_sa_is_gone_finds_none() -> None:
    pair = fast()
    pair.rekey_child(pair.gateway)
    late = pair.to_cpe.popleft()
    pair.delete_child(pair.cpe)
    pair.deliver_all()
    pair.give(pair.cpe, late)
    pair.deliver_all()
    assert refusals(pair.gateway) == ["CHILD_SA_NOT_FOUND"]
    pair.elapse(SETTLED)
    assert pair.gateway.children == [], "the peer has deleted it on purpose: no new one is made"
    assert_settled(pair)


def test_both_ends_delete_the_child_sa() -> None:
    pair = fast()
    pair.delete_child(pair.gateway)
    pair.delete_child(pair.cpe)
    pair.deliver_all()
    assert pair.gateway.children == pair.cpe.children == []
    assert_settled(pair)


def test_a_child_sa_that_the_peer_has_rekeyed_can_be_deleted_by_us() -> None:
    pair = fast()
    pair.rekey_child(pair.cpe)
    pair.deliver_to(pair.gateway)
    assert pair.gateway.children[0].state is ChildState.REKEYED
    pair.delete_child(pair.gateway, index=0)
    one_child_is_left(pair)


def rekeyed_by_the_peer(pair: Pair) -> tuple[ChildSa, ChildSa]:
    """The old and the new CHILD SA of the gateway; the peer's Delete of the old one is lost for now."""
    pair.rekey_child(pair.cpe)
    pair.deliver_to(pair.gateway)
    pair.deliver_to(pair.cpe)
    pair.lose_to(pair.gateway)
    old, new = pair.gateway.children
    assert old.state is ChildState.REKEYED
    return old, new


def test_the_soft_limit_of_a_child_sa_that_the_peer_has_rekeyed_is_ignored() -> None:
    pair = fast()
    old, new = rekeyed_by_the_peer(pair)
    old.rekey_at = pair.now + 1
    pair.gateway.ctx.settle(pair.gateway.sa)
    pair.advance(2)
    assert not pair.to_cpe, "we ask for nothing"
    one_child_is_left(pair)
    assert pair.gateway.children == [new]


def test_the_hard_limit_of_a_child_sa_that_the_peer_has_rekeyed_ends_it_and_crosses_its_delete() -> None:
    pair = fast()
    old, new = rekeyed_by_the_peer(pair)
    old.expire_at = pair.now + 1
    pair.gateway.ctx.settle(pair.gateway.sa)
    pair.advance(2)
    assert old.state is ChildState.CLOSED
    one_child_is_left(pair)
    assert pair.gateway.children == [new]


def test_the_new_child_sa_is_deleted_before_the_old_one() -> None:
    pair = fast()
    pair.rekey_child(pair.cpe)
    pair.deliver_to(pair.gateway)
    pair.delete_child(pair.gateway, index=1)
    pair.elapse(SETTLED)
    assert_settled(pair)
    assert pair.gateway.children == []


def test_a_child_sa_whose_lifetime_ends_while_it_is_rekeyed_is_deleted_all_the_same() -> None:
    pair = fast()
    (old,) = pair.gateway.children
    pair.rekey_child(pair.gateway)
    old.expire_at = pair.now + 1
    pair.gateway.ctx.settle(pair.gateway.sa)
    pair.advance(2)
    assert old.state is ChildState.CLOSED
    one_child_is_left(pair)
    assert pair.gateway.children[0].replaces == old.spi_in


def test_a_child_sa_whose_lifetime_ends_while_it_is_deleted_is_deleted_once() -> None:
    pair = fast()
    (old,) = pair.gateway.children
    pair.delete_child(pair.gateway)
    old.expire_at = pair.now + 1
    pair.gateway.ctx.settle(pair.gateway.sa)
    pair.advance(2)
    pair.elapse(SETTLED)
    assert pair.gateway.sa.next_id == 1
    assert_settled(pair)


# Both ends rekey the IKE SA


@pytest.mark.parametrize("ours_goes", [True, False])
def test_our_ike_rekey_request_is_lost_and_the_peer_finishes_first(*, ours_goes: bool) -> None:
    """Section 2.8.2: the Delete of the old IKE SA says that the peer did not notice; ours is forgotten."""
    pair = fast()
    both_rekey_ike(pair, ours_goes=ours_goes)
    pair.lose_to(pair.cpe)
    pair.deliver_all()
    (new,) = pair.gateway.sas
    assert (new.state, new.we_initiated, len(new.children)) == (State.ESTABLISHED, False, 1)
    one_child_is_left(pair)


@pytest.mark.parametrize("ours_goes", [True, False])
def test_our_ike_rekey_request_comes_when_the_peer_has_finished(*, ours_goes: bool) -> None:
    """It "SHOULD return TEMPORARY_FAILURE because it is ... currently trying to close" it (section 2.8.2)."""
    pair = fast()
    both_rekey_ike(pair, ours_goes=ours_goes)
    pair.deliver_to(pair.gateway)
    pair.deliver_to(pair.cpe, 1)
    pair.deliver_to(pair.cpe)
    pair.deliver_to(pair.gateway, 1)
    assert refusals(pair.gateway) == ["TEMPORARY_FAILURE"]
    assert pair.gateway.sa.we_initiated is False
    one_child_is_left(pair)


@pytest.mark.parametrize("ours_goes", [True, False])
def test_the_answer_to_our_ike_rekey_comes_after_the_peers_delete(*, ours_goes: bool) -> None:
    pair = fast()
    both_rekey_ike(pair, ours_goes=ours_goes)
    pair.deliver_to(pair.cpe)
    pair.deliver_to(pair.gateway)
    pair.deliver_to(pair.cpe)
    while len(pair.to_gateway) > 1:
        pair.deliver_to(pair.gateway, 1)
    one_child_is_left(pair)
    assert pair.gateway.sa.we_initiated is not ours_goes


@pytest.mark.parametrize("lost", ["request", "answer"])
@pytest.mark.parametrize("ours_goes", [True, False])
def test_an_ike_rekey_collision_survives_the_loss_of_what_the_peer_sends(
    *, lost: str, ours_goes: bool
) -> None:
    pair = fast()
    both_rekey_ike(pair, ours_goes=ours_goes)
    if lost == "request":
        pair.lose_to(pair.gateway)
    else:
        pair.deliver_to(pair.cpe)
        pair.lose_to(pair.gateway, 1)
    one_child_is_left(pair)


def test_a_peer_that_died_in_an_ike_rekey_collision_is_missed() -> None:
    pair = Pair(config=replace(PEER, liveness_interval=45.0), suite=IKE_CBC_128)
    both_rekey_ike(pair, ours_goes=False)
    pair.deliver_to(pair.gateway)
    pair.cpe.crash()
    pair.elapse(SETTLED)
    assert pair.gateway.sas == []


@pytest.mark.parametrize("first", ENDS)
def test_the_ike_sa_is_deleted_by_one_end_while_the_other_one_rekeys_it(first: str) -> None:
    pair = fast()
    pair.rekey_ike(pair.gateway)
    pair.delete_ike(pair.cpe)
    pair.deliver_to(getattr(pair, first))
    pair.elapse(SETTLED)
    assert pair.gateway.sas == pair.cpe.sas == []


def test_both_ends_delete_the_ike_sa() -> None:
    pair = fast()
    pair.delete_ike(pair.gateway)
    pair.delete_ike(pair.cpe)
    pair.deliver_all()
    assert pair.gateway.sas == pair.cpe.sas == []


# The IKE SA and CHILD SAs


@pytest.mark.parametrize("what", ["rekey_child", "create_child"])
@pytest.mark.parametrize("first", ENDS)
def test_child_exchange_of_ours_meets_an_ike_rekey_of_the_peer(what: str, first: str) -> None:
    """Each gets TEMPORARY_FAILURE; what is tried again, if still wanted, succeeds (section 2.25)."""
    pair = fast()
    old = pair.gateway.sa
    getattr(pair, what)(pair.gateway)
    pair.rekey_ike(pair.cpe)
    pair.deliver_to(getattr(pair, first))
    pair.deliver_all()
    assert "TEMPORARY_FAILURE" in refusals(pair.gateway) + refusals(pair.cpe)
    pair.elapse(SETTLED)
    assert_settled(pair)
    assert pair.gateway.sa is not old
    assert len(pair.gateway.children) == 1


def test_a_child_delete_of_the_peer_is_answered_while_we_rekey_the_ike_sa() -> None:
    pair = fast()
    pair.rekey_ike(pair.gateway)
    pair.delete_child(pair.cpe)
    pair.deliver_to(pair.gateway)
    assert pair.gateway.children == []
    pair.elapse(SETTLED)
    assert_settled(pair)
    assert refusals(pair.gateway) == ["TEMPORARY_FAILURE"], "the peer is closing a CHILD SA of it"


@pytest.mark.parametrize("what", ["rekey_child", "delete_child"])
def test_child_exchange_of_ours_meets_a_delete_of_the_ike_sa(what: str) -> None:
    pair = fast()
    getattr(pair, what)(pair.gateway)
    pair.delete_ike(pair.cpe)
    pair.elapse(SETTLED)
    assert pair.gateway.sas == pair.cpe.sas == []


def test_what_waits_while_the_ike_sa_is_replaced_goes_to_the_new_one() -> None:
    pair = fast()
    pair.create_child(pair.gateway)
    pair.deliver_all()
    first, second = (child.spi_in for child in pair.gateway.children)
    pair.rekey_ike(pair.gateway)
    pair.rekey_child(pair.gateway, index=0)
    pair.delete_child(pair.gateway, index=1)
    assert len(pair.gateway.sa.queued) == 2
    pair.elapse(SETTLED)
    assert_settled(pair)
    (child,) = pair.gateway.children
    assert child.replaces == first
    assert second not in pair.gateway.ctx.esp_owner


def test_lifetimes_at_both_ends_lose_nothing_in_a_day() -> None:
    """Equal lifetimes and no jitter: both ends rekey everything at the same instant, every time."""
    lifetimes = Lifetimes(ike=7200.0, child=1800.0, jitter=0)
    pair = Pair(config=replace(PEER, lifetimes=lifetimes), suite=IKE_CBC_128)
    for _ in range(24):
        pair.elapse(3600)
        assert [len(sa.children) for sa in pair.gateway.sas] == [1]
        pair.assert_agreement()
    assert pair.gateway.of(RekeyCollision)
