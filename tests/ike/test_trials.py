"""A trial shows early whether the peer will rekey its first CHILD SA, and costs nothing when it will not."""

from dataclasses import replace

import pytest

from ike.codec import NotifyPayload
from ike.config import Lifetimes, PeerConfig
from ike.constants import DhGroup, NotifyType, TransformType
from ike.events import (
    ChildSaClosed,
    ChildSaEstablished,
    IkeSaClosed,
    MessageReceived,
    MessageSent,
    OwnRequestRefused,
    RequestRetransmitted,
)
from ike.state import ChildState
from ike.trial_events import TrialRekeyOmitted, TrialRekeyRefused
from tests.ike.initiator import Initiator
from tests.ike.pair import Pair
from tests.ike.world import CPE, PEER, World

HOUR = Lifetimes(ike=8 * 3600.0, child=3600.0, margin=0.1, jitter=0.5)
TRIED = replace(PEER, lifetimes=HOUR, trial_rekey=3.0)
P256, MODP = DhGroup.ECP_256, DhGroup.MODP_2048
NO_PROPOSAL = NotifyPayload(NotifyType.NO_PROPOSAL_CHOSEN)
TEMPORARY = NotifyPayload(NotifyType.TEMPORARY_FAILURE)
NOT_FOUND = NotifyPayload(NotifyType.CHILD_SA_NOT_FOUND)


def pair_with(
    ours: tuple[DhGroup, ...] = (), theirs: tuple[DhGroup, ...] = (), *, after: float = 3.0
) -> Pair:
    """A pair with these PFS groups, in which the CPE leaves all rekeying to the gateway."""
    pair = Pair(config=replace(TRIED, pfs_groups=ours, trial_rekey=after))
    cpe = pair.cpe.sa
    cpe.peer = replace(cpe.peer, pfs_groups=theirs)
    cpe.rekey_at = cpe.expire_at = None
    for child in cpe.children.values():
        child.rekey_at = child.expire_at = None
    pair.cpe.ctx.settle(cpe)
    return pair


def requests(pair: Pair) -> int:
    """How often the gateway asked for a CHILD SA."""
    sent = [event for event in pair.gateway.of(MessageSent) if not event.is_response]
    return len([event for event in sent if event.exchange == "CREATE_CHILD_SA"])


# When


def test_without_the_setting_nothing_is_tried() -> None:
    pair = Pair(config=replace(TRIED, trial_rekey=0.0))
    pair.advance(3000)
    assert requests(pair) == 0


def test_the_first_child_sa_is_tried_once_its_time_has_come() -> None:
    pair = pair_with()
    pair.advance(2.9)
    assert requests(pair) == 0
    pair.advance(0.1)
    assert requests(pair) == 1


def test_what_a_rekeying_has_made_is_not_tried_again() -> None:
    pair = pair_with((P256,), (P256,))
    pair.elapse(1000)
    assert requests(pair) == 1
    assert len(pair.gateway.of(ChildSaEstablished)) == 2


def test_a_child_sa_that_the_peer_has_rekeyed_is_not_tried() -> None:
    pair = pair_with()
    pair.rekey_child(pair.cpe)
    pair.elapse(100)
    assert requests(pair) == 0


def test_a_trial_that_would_come_after_the_rekeying_is_none() -> None:
    pair = pair_with((P256,), (), after=3550.0)
    pair.elapse(3590)
    assert requests(pair) > 1
    assert len(pair.gateway.of(OwnRequestRefused)) == requests(pair)
    assert not pair.gateway.of(TrialRekeyRefused)


def test_a_child_sa_whose_rekeying_waits_already_is_not_tried() -> None:
    pair = pair_with((P256,), ())
    pair.probe(pair.gateway)
    pair.rekey_child(pair.gateway)
    pair.advance(3)
    pair.deliver_all()
    assert requests(pair) == 1
    assert not pair.gateway.of(TrialRekeyRefused)


# The peer agrees


@pytest.mark.parametrize("groups", [(), (P256,)])
def test_a_trial_that_the_peer_accepts_is_an_ordinary_rekeying(groups: tuple[DhGroup, ...]) -> None:
    pair = pair_with(groups, groups)
    (old,) = pair.gateway.children
    pair.elapse(4)
    (new,) = pair.gateway.children
    assert new.replaces == old.spi_in
    assert tuple(t.id for t in new.proposal.of_type(TransformType.DH)) == groups
    assert new.expire_at is not None
    assert new.expire_at > 1000 + 3600
    assert not pair.gateway.of(TrialRekeyRefused)
    pair.assert_agreement()


def test_a_trial_with_another_group_that_the_policy_allows_is_repeated_with_it() -> None:
    pair = pair_with((MODP, P256), (P256,))
    pair.elapse(4)
    (new,) = pair.gateway.children
    assert [t.id for t in new.proposal.of_type(TransformType.DH)] == [P256]
    assert not pair.gateway.of(TrialRekeyRefused)


# The peer refuses


@pytest.mark.parametrize(
    ("ours", "theirs", "group"),
    [((), (P256,), ""), ((P256,), (), "ECP_256"), ((P256,), (MODP,), "ECP_256")],
    ids=["PFS of the peer alone", "PFS of the policy alone", "another group"],
)
def test_another_pfs_setting_shows_and_the_child_sa_goes_on(
    ours: tuple[DhGroup, ...], theirs: tuple[DhGroup, ...], group: str
) -> None:
    pair = pair_with(ours, theirs)
    (child,) = pair.gateway.children
    before = (child.rekey_at, child.expire_at)
    pair.elapse(4)
    (event,) = pair.gateway.of(TrialRekeyRefused)
    assert (event.notify, event.group, event.wanted_group) == ("NO_PROPOSAL_CHOSEN", group, "")
    assert (event.spi_in, event.ends_after) == (child.spi_in, 3597.0)
    assert pair.gateway.children == [child]
    assert (child.state, child.rekey_at, child.expire_at) == (ChildState.INSTALLED, *before)
    assert not pair.gateway.of(OwnRequestRefused)
    pair.assert_agreement()


def test_the_group_that_the_peer_asks_for_is_told() -> None:
    pair = pair_with((P256,))
    pair.advance(3)
    pair.answer(NotifyPayload(NotifyType.INVALID_KE_PAYLOAD, int(MODP).to_bytes(2, "big")))
    (event,) = pair.gateway.of(TrialRekeyRefused)
    assert (event.notify, event.group, event.wanted_group) == ("INVALID_KE_PAYLOAD", "ECP_256", "MODP_2048")
    assert requests(pair) == 1


def test_a_trial_that_is_refused_with_the_wanted_group_too_is_told_once() -> None:
    pair = pair_with((MODP, P256))
    pair.advance(3)
    pair.answer(NotifyPayload(NotifyType.INVALID_KE_PAYLOAD, int(P256).to_bytes(2, "big")))
    pair.answer(NO_PROPOSAL)
    assert [(event.notify, event.again) for event in pair.gateway.of(OwnRequestRefused)] == [
        ("INVALID_KE_PAYLOAD", True)
    ]
    assert [event.group for event in pair.gateway.of(TrialRekeyRefused)] == ["ECP_256"]
    assert requests(pair) == 2


def test_after_a_refused_trial_the_real_rekeying_comes_at_its_time_and_is_no_trial() -> None:
    pair = pair_with((P256,), ())
    (child,) = pair.gateway.children
    due = child.rekey_at
    assert due is not None
    pair.elapse(due - pair.now - 1)
    assert requests(pair) == 1
    pair.elapse(2)
    assert requests(pair) == 2
    assert len(pair.gateway.of(TrialRekeyRefused)) == 1
    assert pair.gateway.of(OwnRequestRefused)[0].notify == "NO_PROPOSAL_CHOSEN"


def test_a_peer_that_was_put_right_meanwhile_is_rekeyed_at_its_time() -> None:
    pair = pair_with((P256,), ())
    (old,) = pair.gateway.children
    pair.elapse(100)
    pair.cpe.sa.peer = replace(pair.cpe.sa.peer, pfs_groups=(P256,))
    pair.elapse(3500)
    (new,) = pair.gateway.children
    assert new.replaces == old.spi_in
    pair.assert_agreement()


# What says nothing about PFS


def test_a_peer_that_refuses_for_now_is_tried_again_and_its_ike_sa_stays() -> None:
    pair = pair_with()
    pair.advance(3)
    while pair.now < 1000 + 600:
        if pair.to_cpe:
            pair.answer(TEMPORARY)
        else:
            pair.advance(1)
    assert requests(pair) > 20
    assert not pair.gateway.of(TrialRekeyRefused)
    assert not pair.gateway.of(IkeSaClosed)
    pair.elapse(15)
    assert len(pair.gateway.of(ChildSaEstablished)) == 2
    pair.assert_agreement()


def test_a_child_sa_that_the_peer_has_lost_is_made_anew_as_at_any_rekeying() -> None:
    pair = pair_with()
    pair.advance(3)
    pair.answer(NOT_FOUND)
    assert pair.gateway.of(ChildSaClosed)[0].reason == "the peer does not have it"
    assert not pair.gateway.of(TrialRekeyRefused)
    assert requests(pair) == 2


def test_a_trial_that_meets_the_peers_rekeying_is_settled_by_the_nonces() -> None:
    pair = pair_with()
    pair.advance(3)
    pair.rekey_child(pair.cpe)
    pair.deliver_all()
    assert len(pair.gateway.children) == 1
    assert not pair.gateway.of(TrialRekeyRefused)
    pair.assert_agreement()


# Lost messages, and peers that take it badly


@pytest.mark.parametrize("answer_is_lost", [False, True])
def test_a_lost_message_of_a_trial_is_sent_again(*, answer_is_lost: bool) -> None:
    pair = pair_with((P256,), ())
    pair.advance(3)
    if answer_is_lost:
        pair.deliver_to(pair.cpe)
        pair.lose_to(pair.gateway)
    else:
        pair.lose_to(pair.cpe)
    pair.elapse(5)
    assert len(pair.gateway.of(RequestRetransmitted)) == 1
    assert len(pair.cpe.of(MessageReceived)) == 1
    assert len(pair.gateway.of(TrialRekeyRefused)) == 1


def test_a_refusal_that_comes_when_the_time_for_rekeying_has_come_is_no_trials() -> None:
    pair = Pair(config=replace(TRIED, lifetimes=replace(HOUR, child=60.0), trial_rekey=50.0))
    (child,) = pair.gateway.children
    assert child.rekey_at is not None
    pair.advance(child.rekey_at + 0.1 - pair.now)
    pair.answer(NO_PROPOSAL)
    assert not pair.gateway.of(TrialRekeyRefused)
    assert pair.gateway.of(OwnRequestRefused)[0].notify == "NO_PROPOSAL_CHOSEN"
    assert child.rekey_at is not None
    assert child.rekey_at > pair.now


def connected(world: World) -> Initiator:
    """A scripted CPE with a tunnel."""
    cpe = Initiator(world)
    cpe.connect()
    return cpe


def tried(peer: PeerConfig = TRIED) -> tuple[Initiator, bytes]:
    """A scripted CPE, and the trial's request to it."""
    cpe = connected(World(peers={CPE: peer}))
    ((request, _),) = cpe.world.advance(3)
    return cpe, request


def test_a_peer_that_ends_its_tunnel_over_a_refused_trial_is_not_tried_again_and_that_is_told() -> None:
    cpe, request = tried()
    cpe.world.deliver(cpe.answer(request, [NO_PROPOSAL]))
    cpe.world.advance(1)
    cpe.delete_ike()
    again = connected(cpe.world)
    assert again.world.advance(60) == []
    assert cpe.world.last(TrialRekeyOmitted).reason == "the tunnel ended when it was tried before"


def test_a_peer_that_connects_anew_later_is_tried_again() -> None:
    cpe, request = tried()
    cpe.world.deliver(cpe.answer(request, [NO_PROPOSAL]))
    cpe.world.advance(60)
    cpe.delete_ike()
    again = connected(cpe.world)
    assert len(again.world.advance(3)) == 1
    assert not cpe.world.of(TrialRekeyOmitted)


def test_a_peer_that_rekeys_by_itself_after_a_refused_trial_has_not_ended_its_tunnel() -> None:
    cpe, request = tried()
    (old,) = cpe.world.sas[0].children.values()
    cpe.world.deliver(cpe.answer(request, [NO_PROPOSAL]))
    cpe.rekey_child(old.esp.spi_out.to_bytes(4, "big"), b"\xc0\xff\xee\x02")
    cpe.delete_children(old.esp.spi_out.to_bytes(4, "big"))
    assert len(cpe.world.of(ChildSaEstablished)) == 2
    cpe.world.advance(60)
    cpe.delete_ike()
    again = connected(cpe.world)
    assert len(again.world.advance(3)) == 1


def test_a_peer_that_never_answers_a_trial_is_not_tried_again() -> None:
    cpe, _ = tried()
    cpe.world.advance(200)
    assert "no answer" in cpe.world.last(IkeSaClosed).reason
    again = connected(cpe.world)
    assert again.world.advance(60) == []
    assert cpe.world.of(TrialRekeyOmitted)


def test_other_peers_are_tried_all_the_same() -> None:
    cpe, _ = tried()
    cpe.world.advance(200)
    cpe.world.peers[CPE] = replace(TRIED, name="branch/cpe/1")
    again = connected(cpe.world)
    assert len(again.world.advance(3)) == 1
