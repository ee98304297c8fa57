"""A CHILD SA that we delete while we are rekeying it: nothing takes its place (RFC 7296 section 2.25.1).

Our request to rekey it cannot be taken back, and the window is 1: the Delete waits for the answer.
"""

from collections.abc import Callable

import pytest

from ike.codec import NotifyPayload
from ike.constants import DhGroup, NotifyType
from ike.events import ChildSaClosed, ChildSaEstablished, OwnRequestRefused
from ike.state import ChildState
from tests.ike.interleavings import SETTLED, assert_settled, runs
from tests.ike.pair import HIGH, HIGHEST, LOW, MIDDLE, Pair
from tests.ike.world import IKE_CBC_128


def withdrawn(pair: Pair | None = None) -> Pair:
    """The gateway has asked to rekey its CHILD SA, and then it is to delete it."""
    pair = pair or Pair(suite=IKE_CBC_128)
    pair.rekey_child(pair.gateway)
    pair.delete_child(pair.gateway)
    return pair


def nothing_is_left(pair: Pair) -> None:
    pair.elapse(SETTLED)
    assert pair.gateway.children == []
    assert_settled(pair)
    assert len(pair.gateway.sas) == 1


def test_the_delete_waits_for_the_answer_and_takes_the_new_child_sa_with_it() -> None:
    pair = withdrawn()
    (old,) = pair.gateway.children
    assert old.state is ChildState.DELETING
    assert len(pair.to_cpe) == 1, "the window is 1"
    pair.deliver_all()
    closed = {event.spi_in: event.reason for event in pair.gateway.of(ChildSaClosed)}
    (new,) = (event.spi_in for event in pair.gateway.of(ChildSaEstablished) if event.replaces == old.spi_in)
    assert closed == {old.spi_in: "deleted by us", new: "deleted by us while it was being made"}
    nothing_is_left(pair)


def test_we_do_not_send_on_the_new_child_sa() -> None:
    pair = withdrawn()
    pair.deliver_to(pair.cpe)
    pair.deliver_to(pair.gateway)
    event = pair.gateway.of(ChildSaEstablished)[-1]
    assert event.replaces is not None
    assert not event.initiated_by_us


@pytest.mark.parametrize(
    "refusal", [NotifyType.TEMPORARY_FAILURE, NotifyType.NO_PROPOSAL_CHOSEN, NotifyType.NO_ADDITIONAL_SAS]
)
def test_a_refused_rekeying_is_not_repeated_and_the_old_child_sa_is_deleted(refusal: NotifyType) -> None:
    pair = withdrawn()
    pair.answer(NotifyPayload(refusal))
    assert not pair.gateway.of(OwnRequestRefused)[-1].again
    nothing_is_left(pair)
    assert len(pair.gateway.of(ChildSaEstablished)) == 1


def test_a_rekeying_that_needs_another_group_is_not_repeated() -> None:
    pair = withdrawn()
    pair.answer(NotifyPayload(NotifyType.INVALID_KE_PAYLOAD, int(DhGroup.ECP_256).to_bytes(2, "big")))
    assert not pair.gateway.of(OwnRequestRefused)[-1].again
    nothing_is_left(pair)


def test_a_child_sa_that_the_peer_has_lost_is_removed_silently_and_none_is_made_anew() -> None:
    pair = withdrawn()
    pair.answer(NotifyPayload(NotifyType.CHILD_SA_NOT_FOUND))
    assert pair.gateway.children == []
    assert not pair.to_cpe, "neither a Delete nor a new CHILD SA"


def test_a_rekeying_that_still_waits_is_never_asked_for() -> None:
    pair = Pair(suite=IKE_CBC_128)
    pair.probe(pair.gateway)
    withdrawn(pair)
    assert len(pair.to_cpe) == 1, "the probe is under way"
    nothing_is_left(pair)
    assert len(pair.gateway.of(ChildSaEstablished)) == 1


def test_it_can_be_asked_for_twice() -> None:
    pair = withdrawn()
    pair.gateway.responder.delete_child(pair.gateway.children[0].spi_in, pair.now)
    nothing_is_left(pair)


def test_the_rekeying_that_the_peer_has_finished_meanwhile_goes_too() -> None:
    """The peer's new CHILD SA has the place already; ours is made, and the nonces no longer count."""
    for gateway, cpe in (((LOW, MIDDLE), (HIGH, HIGHEST)), ((HIGH, HIGHEST), (LOW, MIDDLE))):
        pair = Pair(suite=IKE_CBC_128)
        pair.gateway.nonces.extend(gateway)
        pair.cpe.nonces.extend(cpe)
        pair.rekey_child(pair.gateway)
        pair.rekey_child(pair.cpe)
        pair.deliver_to(pair.gateway)
        old, theirs = pair.gateway.children
        pair.delete_child(pair.gateway)
        assert [old.state, theirs.state] == [ChildState.DELETING, ChildState.DELETING]
        nothing_is_left(pair)


def test_a_child_sa_whose_lifetime_ends_before_the_answer_takes_the_new_one_with_it() -> None:
    pair = withdrawn()
    (old,) = pair.gateway.children
    old.expire_at = pair.now + 1
    pair.gateway.ctx.settle(pair.gateway.sa)
    pair.advance(2)
    assert old.state is ChildState.CLOSED
    nothing_is_left(pair)


MEANWHILE: dict[str, Callable[[Pair], None]] = {
    "does nothing": Pair.collect,
    "rekeys it too": lambda pair: pair.rekey_child(pair.cpe),
    "deletes it too": lambda pair: pair.delete_child(pair.cpe),
    "rekeys the IKE SA": lambda pair: pair.rekey_ike(pair.cpe),
}


@pytest.mark.parametrize("meanwhile", MEANWHILE)
def test_nothing_is_left_after_any_order_of_messages_and_any_one_loss(meanwhile: str) -> None:
    def start() -> Pair:
        pair = Pair(suite=IKE_CBC_128)
        MEANWHILE[meanwhile](pair)
        return withdrawn(pair)

    number = 0
    for number, (pair, _, story) in enumerate(runs(start, losses=1), 1):
        try:
            nothing_is_left(pair)
        except AssertionError as error:
            raise AssertionError(f"run {number}: {story}") from error
    assert number > 5
