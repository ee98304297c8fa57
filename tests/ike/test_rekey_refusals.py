"""What we do when the peer refuses a request of ours, or gives an answer that is none.

Source: RFC 7296 sections 1.3, 2.8 and 2.25.
"""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from ike.codec import (
    DeletePayload,
    KePayload,
    NoncePayload,
    NotifyPayload,
    Payload,
    SaPayload,
    TSiPayload,
    TSrPayload,
)
from ike.config import Limits
from ike.constants import DhGroup, ExchangeType, NotifyType, ProtocolId, TransformType
from ike.events import (
    ChildSaClosed,
    ChildSaEstablished,
    IkeSaClosed,
    IkeSaRekeyed,
    MessageSent,
    NotifyReceived,
    OwnRequestRefused,
    RekeyCollision,
    ResponseUnusable,
)
from ike.proposal import Proposal, Suite, Transform
from ike.requests.child import CreateChild
from ike.requests.rekey_ike import RekeyIke
from ike.selectors import ANY_IPV4
from ike.state import ChildState, State
from tests.ike.pair import HIGH, LOW, MIDDLE, Pair
from tests.ike.world import ESP_GCM_256, IKE_CBC_128, IKE_GCM_256, PEER, proposal_of

P256, P384, MODP = DhGroup.ECP_256, DhGroup.ECP_384, DhGroup.MODP_2048
TEMPORARY = NotifyPayload(NotifyType.TEMPORARY_FAILURE)
NOT_FOUND = NotifyPayload(NotifyType.CHILD_SA_NOT_FOUND)
NEW_SPI = bytes.fromhex("c0ffee01")
OTHER_IKE_SUITE = replace(
    IKE_CBC_128,
    name="cbc-128, P-384",
    transforms={**IKE_CBC_128.transforms, TransformType.DH: (Transform(TransformType.DH, P384),)},
)


def fast() -> Pair:
    return Pair(suite=IKE_CBC_128)


def with_pfs(*, ours: Sequence[DhGroup], theirs: Sequence[DhGroup]) -> Pair:
    pair = Pair(config=replace(PEER, pfs_groups=tuple(ours)), suite=IKE_CBC_128)
    pair.cpe.sa.peer = replace(pair.cpe.sa.peer, pfs_groups=tuple(theirs))
    return pair


def with_ike_suites(*, ours: Sequence[Suite], theirs: Sequence[Suite]) -> Pair:
    pair = Pair(config=replace(PEER, ike_suites=tuple(ours)), suite=IKE_CBC_128)
    pair.cpe.sa.peer = replace(pair.cpe.sa.peer, ike_suites=tuple(theirs))
    return pair


def refused(pair: Pair) -> list[tuple[str, bool]]:
    return [(event.notify, event.again) for event in pair.gateway.of(OwnRequestRefused)]


def requests(pair: Pair) -> int:
    sent = [event for event in pair.gateway.of(MessageSent) if not event.is_response]
    return len([event for event in sent if event.exchange == "CREATE_CHILD_SA"])


# TEMPORARY_FAILURE


def test_a_refused_child_rekey_is_not_repeated_at_once_but_later() -> None:
    pair = fast()
    (old,) = pair.gateway.children
    pair.rekey_child(pair.gateway)
    pair.answer(TEMPORARY)
    assert old.state is ChildState.INSTALLED
    pair.advance(4.9)
    assert requests(pair) == 1
    pair.elapse(15)
    (new,) = pair.gateway.children
    assert new.replaces == old.spi_in
    pair.assert_agreement()


def test_a_refused_ike_rekey_is_not_repeated_at_once_but_later() -> None:
    pair = fast()
    old = pair.gateway.sa
    pair.rekey_ike(pair.gateway)
    pair.answer(TEMPORARY)
    assert old.state is State.ESTABLISHED
    pair.advance(4.9)
    assert requests(pair) == 1
    pair.elapse(15)
    assert pair.gateway.sa is not old
    pair.assert_agreement()


def test_the_packet_limit_does_not_bring_the_retry_forward() -> None:
    pair = fast()
    (child,) = pair.gateway.children
    pair.rekey_child(pair.gateway)
    pair.answer(TEMPORARY)
    pair.gateway.responder.packets_sent(child.spi_in, 2**31, pair.now + 1)
    pair.collect()
    assert requests(pair) == 1


@pytest.mark.parametrize("what", ["CHILD", "IKE"])
def test_a_peer_that_refuses_for_minutes_is_out_of_step_and_the_ike_sa_is_deleted(what: str) -> None:
    pair = fast()
    began = pair.now
    (pair.rekey_child if what == "CHILD" else pair.rekey_ike)(pair.gateway)
    while pair.gateway.sas and pair.gateway.sas[0].state is not State.DELETING:
        assert pair.now - began < 400
        if pair.to_cpe:
            pair.answer(TEMPORARY)
        else:
            pair.advance(1)
    assert pair.now - began >= Limits().out_of_step
    pair.deliver_all()
    (closed,) = pair.gateway.of(IkeSaClosed)
    assert "TEMPORARY_FAILURE" in closed.reason
    assert not pair.gateway.sas


def test_refusals_that_are_hours_apart_are_no_sign_of_a_lost_state() -> None:
    pair = fast()
    for _ in range(2):
        pair.rekey_child(pair.gateway)
        pair.answer(TEMPORARY)
        pair.gateway.children[0].rekey_at = None
        pair.advance(3600)
    assert pair.gateway.sa.state is State.ESTABLISHED


# CHILD_SA_NOT_FOUND


def test_a_child_sa_that_the_peer_has_lost_is_removed_silently_and_made_anew() -> None:
    pair = fast()
    (old,) = pair.gateway.children
    pair.cpe.ctx.close_child(pair.cpe.sa, pair.cpe.children[0].spi_in, "lost")
    pair.rekey_child(pair.gateway)
    pair.deliver_all()
    assert [event.spi_in for event in pair.gateway.of(ChildSaClosed)] == [old.spi_in]
    (new,) = pair.gateway.children
    assert new.replaces is None
    exchanges = [e.exchange for e in pair.gateway.of(MessageSent) if not e.is_response]
    assert exchanges == ["CREATE_CHILD_SA", "CREATE_CHILD_SA"], "no Delete was sent"
    pair.assert_agreement()


def test_no_new_child_sa_is_made_when_another_one_lives() -> None:
    pair = fast()
    pair.create_child(pair.gateway)
    pair.deliver_all()
    pair.cpe.ctx.close_child(pair.cpe.sa, pair.cpe.children[0].spi_in, "lost")
    pair.rekey_child(pair.gateway)
    pair.deliver_all()
    assert len(pair.gateway.children) == 1
    pair.assert_agreement()


def test_no_new_child_sa_is_made_when_the_peer_makes_one_meanwhile() -> None:
    pair = fast()
    like = pair.gateway.children[0].proposal
    pair.gateway.ctx.want(pair.gateway.sa, CreateChild(like))
    pair.probe(pair.gateway)
    pair.elapse(1)
    assert requests(pair) == 0
    assert len(pair.gateway.children) == 1


def test_a_child_sa_to_make_anew_that_the_peer_refuses_for_now_is_asked_for_later() -> None:
    pair = fast()
    pair.rekey_child(pair.gateway)
    pair.answer(NOT_FOUND)
    pair.answer(TEMPORARY)
    assert pair.gateway.children == []
    pair.cpe.ctx.close_child(pair.cpe.sa, pair.cpe.children[0].spi_in, "lost")
    pair.elapse(16)
    assert len(pair.gateway.children) == 1
    pair.assert_agreement()


def test_a_child_sa_to_make_later_is_made_in_the_ike_sa_that_takes_over() -> None:
    pair = fast()
    pair.rekey_child(pair.gateway)
    pair.answer(NOT_FOUND)
    pair.answer(TEMPORARY)
    pair.cpe.ctx.close_child(pair.cpe.sa, pair.cpe.children[0].spi_in, "lost")
    pair.rekey_ike(pair.cpe)
    pair.elapse(16)
    (child,) = pair.gateway.sa.children.values()
    assert child.state is ChildState.INSTALLED
    pair.assert_agreement()


# INVALID_KE_PAYLOAD


def test_a_child_rekey_is_repeated_with_the_group_that_the_peer_wants() -> None:
    pair = with_pfs(ours=[P256, P384], theirs=[P384])
    pair.rekey_child(pair.gateway)
    pair.deliver_all()
    assert refused(pair) == [("INVALID_KE_PAYLOAD", True)]
    (new,) = pair.gateway.children
    assert [t.id for t in new.proposal.of_type(TransformType.DH)] == [P384]
    pair.assert_agreement()


def test_an_ike_rekey_is_repeated_with_the_group_that_the_peer_wants() -> None:
    pair = with_ike_suites(ours=[IKE_CBC_128, OTHER_IKE_SUITE], theirs=[OTHER_IKE_SUITE])
    pair.rekey_ike(pair.gateway)
    pair.deliver_all()
    assert refused(pair) == [("INVALID_KE_PAYLOAD", True)]
    assert [t.id for t in pair.gateway.sa.proposal.of_type(TransformType.DH)] == [P384]
    pair.assert_agreement()


@pytest.mark.parametrize(
    "data", [int(MODP).to_bytes(2, "big"), b"\x00", b""], ids=["not allowed", "one octet", "none"]
)
def test_a_group_that_the_policy_does_not_allow_is_not_tried(data: bytes) -> None:
    pair = with_pfs(ours=[P256, P384], theirs=[P384])
    pair.rekey_child(pair.gateway)
    pair.answer(NotifyPayload(NotifyType.INVALID_KE_PAYLOAD, data))
    assert refused(pair) == [("INVALID_KE_PAYLOAD", False)]
    assert not pair.to_cpe
    assert pair.gateway.children[0].state is ChildState.INSTALLED


def test_a_peer_that_wants_another_group_again_and_again_is_given_one_try() -> None:
    pair = with_pfs(ours=[P256, P384], theirs=[P384])
    pair.rekey_child(pair.gateway)
    pair.answer(NotifyPayload(NotifyType.INVALID_KE_PAYLOAD, int(P384).to_bytes(2, "big")))
    pair.answer(NotifyPayload(NotifyType.INVALID_KE_PAYLOAD, int(P256).to_bytes(2, "big")))
    assert [again for _, again in refused(pair)] == [True, False]
    assert not pair.to_cpe


@pytest.mark.parametrize("first", ["gateway", "CPE"])
def test_child_rekeyings_that_collide_while_the_group_is_found_leave_one_child_sa(first: str) -> None:
    pair = with_pfs(ours=[P256, P384], theirs=[P384, P256])
    pair.gateway.sa.peer = replace(pair.gateway.sa.peer, pfs_groups=(P384, P256))
    pair.rekey_child(pair.cpe)
    pair.gateway.sa.peer = replace(pair.gateway.sa.peer, pfs_groups=(P256, P384))
    pair.cpe.sa.peer = replace(pair.cpe.sa.peer, pfs_groups=(P384,))
    pair.rekey_child(pair.gateway)
    for end in (pair.gateway, pair.cpe) if first == "gateway" else (pair.cpe, pair.gateway):
        pair.deliver_to(end)
    pair.elapse(30)
    assert [child.state for child in pair.gateway.children] == [ChildState.INSTALLED]
    pair.assert_agreement()


def test_ike_rekeyings_that_collide_where_one_needs_another_group_leave_the_other_one() -> None:
    pair = with_ike_suites(ours=[IKE_CBC_128, OTHER_IKE_SUITE], theirs=[OTHER_IKE_SUITE])
    pair.rekey_ike(pair.gateway)
    pair.cpe.sa.peer = replace(pair.cpe.sa.peer, ike_suites=(IKE_CBC_128,))
    pair.rekey_ike(pair.cpe)
    pair.cpe.sa.peer = replace(pair.cpe.sa.peer, ike_suites=(OTHER_IKE_SUITE,))
    pair.deliver_to(pair.gateway)
    pair.deliver_to(pair.cpe)
    pair.elapse(30)
    assert refused(pair) == [("INVALID_KE_PAYLOAD", False)], "the peer's rekeying has succeeded"
    assert pair.gateway.sa.we_initiated is False
    pair.assert_agreement()


def test_a_delayed_repetition_with_another_group_meets_the_peers_rekeying() -> None:
    pair = with_pfs(ours=[P256, P384], theirs=[P384, P256])
    pair.rekey_child(pair.gateway)
    pair.answer(NotifyPayload(NotifyType.INVALID_KE_PAYLOAD, int(P384).to_bytes(2, "big")))
    pair.rekey_child(pair.cpe)
    pair.deliver_to(pair.gateway)
    pair.elapse(30)
    assert pair.gateway.of(RekeyCollision)
    assert [child.state for child in pair.gateway.children] == [ChildState.INSTALLED]
    pair.assert_agreement()


# Refused for good


@pytest.mark.parametrize(
    "error", [NotifyType.NO_PROPOSAL_CHOSEN, NotifyType.NO_ADDITIONAL_SAS, NotifyType.TS_UNACCEPTABLE]
)
def test_a_child_sa_whose_rekeying_is_refused_goes_on_to_its_hard_limit(error: NotifyType) -> None:
    pair = fast()
    (old,) = pair.gateway.children
    old.expire_at = pair.now + 60
    pair.rekey_child(pair.gateway)
    pair.answer(NotifyPayload(error))
    assert refused(pair) == [(error.name, False)]
    assert old.state is ChildState.INSTALLED
    assert old.rekey_at is not None
    old.rekey_at = None
    pair.elapse(61)
    assert pair.gateway.children == pair.cpe.children == []


def test_without_an_agreement_the_ike_sa_goes_on() -> None:
    pair = with_ike_suites(ours=[IKE_CBC_128], theirs=[IKE_GCM_256])
    pair.rekey_ike(pair.gateway)
    pair.deliver_all()
    assert refused(pair) == [("NO_PROPOSAL_CHOSEN", False)]
    assert pair.gateway.sa.state is State.ESTABLISHED
    pair.assert_agreement()


def test_the_notification_is_reported_with_the_exchange_that_it_came_in() -> None:
    pair = fast()
    pair.rekey_child(pair.gateway)
    pair.answer(TEMPORARY)
    assert [(e.exchange, e.notify) for e in pair.gateway.of(NotifyReceived)] == [
        ("CREATE_CHILD_SA", "TEMPORARY_FAILURE")
    ]


# Answers that are none


def offer(spi: bytes = NEW_SPI, *, number: int = 1) -> SaPayload:
    return SaPayload((replace(proposal_of(ESP_GCM_256, spi=spi), number=number),))


NONCE = NoncePayload(MIDDLE)
ANY = (TSiPayload((ANY_IPV4,)), TSrPayload((ANY_IPV4,)))
NARROW = (TSiPayload((replace(ANY_IPV4, end=IPv4Address("10.0.0.1")),)), TSrPayload((ANY_IPV4,)))
WITHOUT_ESN = Proposal(1, 3, NEW_SPI, proposal_of(ESP_GCM_256).transforms[:1])
UNUSABLE: dict[str, Sequence[Payload]] = {
    "empty": (),
    "no SA payload": (NONCE, *ANY),
    "no nonce": (offer(), *ANY),
    "no selectors": (offer(), NONCE),
    "two SA payloads": (offer(), offer(), NONCE, *ANY),
    "a proposal that was not offered": (offer(number=9), NONCE, *ANY),
    "two proposals": (SaPayload(offer().proposals * 2), NONCE, *ANY),
    "a transform is missing": (SaPayload((WITHOUT_ESN,)), NONCE, *ANY),
    "narrowed selectors": (offer(), NONCE, *NARROW),
    "a reserved SPI": (offer(bytes.fromhex("000000ff")), NONCE, *ANY),
    "the SPI zero": (offer(bytes(4)), NONCE, *ANY),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_an_answer_that_cannot_be_one_ends_the_ike_sa(case: str) -> None:
    pair = fast()
    pair.rekey_child(pair.gateway)
    pair.answer(*UNUSABLE[case])
    assert len(pair.gateway.of(ResponseUnusable)) == 1
    assert pair.gateway.sas[0].state is State.DELETING
    pair.deliver_all()
    assert pair.gateway.sas == pair.cpe.sas == []
    assert len(pair.gateway.of(ChildSaEstablished)) == 1, "nothing new was installed"


@pytest.mark.parametrize("with_ke", [True, False], ids=["of another group", "missing"])
def test_a_ke_payload_that_does_not_fit_ends_the_ike_sa(*, with_ke: bool) -> None:
    pair = with_pfs(ours=[P256], theirs=[P256])
    pair.rekey_child(pair.gateway)
    chosen = replace(offer().proposals[0], transforms=(*offer().proposals[0].transforms, dh_transform(P256)))
    ke = [KePayload(P384, bytes(96))] if with_ke else []
    pair.answer(SaPayload((chosen,)), NONCE, *ke, *ANY)
    assert len(pair.gateway.of(ResponseUnusable)) == 1
    assert pair.gateway.sas[0].state is State.DELETING


def dh_transform(group: DhGroup) -> Transform:
    return Transform(TransformType.DH, group)


def test_an_answer_that_cannot_be_one_leaves_nothing_undecided_behind() -> None:
    pair = fast()
    pair.rekey_ike(pair.gateway)
    pair.rekey_ike(pair.cpe)
    pair.deliver_to(pair.gateway)
    pair.answer(NONCE)
    assert State.UNDECIDED not in {sa.state for sa in pair.gateway.sas}
    pair.elapse(500)
    assert {sa.state for sa in pair.gateway.sas} <= {State.ESTABLISHED}
    pair.assert_agreement()


# Nothing is forgotten on the way


def test_an_ike_sa_that_we_delete_while_both_rekey_it_leaves_no_successor() -> None:
    for nonces in ((LOW, HIGH), (HIGH, LOW)):
        pair = fast()
        pair.rekey_ike(pair.gateway, nonce=nonces[0])
        pair.rekey_ike(pair.cpe, nonce=nonces[1])
        pair.deliver_to(pair.gateway)
        pair.delete_ike(pair.gateway)
        pair.elapse(500)
        assert pair.gateway.sas == pair.cpe.sas == []


def test_an_ike_sa_that_we_delete_while_both_rekey_it_leaves_none_when_ours_is_refused() -> None:
    pair = fast()
    pair.rekey_ike(pair.gateway)
    pair.rekey_ike(pair.cpe)
    pair.deliver_to(pair.gateway)
    pair.delete_ike(pair.gateway)
    pair.answer(TEMPORARY)
    pair.elapse(500)
    assert pair.gateway.sas == pair.cpe.sas == []


def test_the_ike_sa_that_was_undecided_is_rekeyed_and_watched_like_any_other() -> None:
    pair = Pair(config=replace(PEER, liveness_interval=45.0), suite=IKE_CBC_128)
    pair.rekey_ike(pair.gateway, nonce=LOW)
    pair.rekey_ike(pair.cpe, nonce=HIGH)
    pair.deliver_to(pair.gateway, nonce=HIGH)
    pair.deliver_all()
    assert pair.gateway.sa.we_initiated is False
    assert pair.gateway.sa.probe_at is not None


def test_the_ike_sa_that_loses_is_not_reported_as_a_tunnel_that_ended() -> None:
    pair = fast()
    pair.rekey_ike(pair.gateway, nonce=LOW)
    pair.rekey_ike(pair.cpe, nonce=HIGH)
    pair.deliver_to(pair.gateway, nonce=HIGH)
    pair.elapse(500)
    for end in (pair.gateway, pair.cpe):
        assert {event.rekeyed for event in end.of(IkeSaClosed)} == {True}
        assert len(end.of(IkeSaClosed)) == 2
        assert len(end.of(IkeSaRekeyed)) == 1


def test_a_second_wish_to_rekey_does_not_stand_in_the_queue() -> None:
    pair = fast()
    pair.probe(pair.gateway)
    for _ in range(3):
        pair.rekey_child(pair.gateway)
        pair.rekey_ike(pair.gateway)
    assert [type(request) for request in pair.gateway.sa.queued].count(RekeyIke) == 1
    assert len(pair.gateway.sa.queued) == 2


def test_a_child_sa_has_its_place_again_when_the_peer_deletes_what_it_replaced_it_with() -> None:
    pair = fast()
    old = pair.gateway.children[0]
    pair.rekey_child(pair.cpe)
    pair.deliver_to(pair.gateway)
    assert old.state is ChildState.REKEYED
    pair.to_cpe.clear()
    new = pair.gateway.children[1]
    sa = pair.gateway.sa
    pair.gateway.ctx.now = pair.now
    delete_by_peer(pair, new.esp.spi_out)
    assert (old.state, sa.children) == (ChildState.INSTALLED, {old.spi_in: old})
    assert old.rekey_at is not None


def delete_by_peer(pair: Pair, spi_out: int) -> None:
    payloads = [DeletePayload(ProtocolId.ESP, 4, (spi_out.to_bytes(4, "big"),))]
    pair.ask(pair.gateway.sa, ExchangeType.INFORMATIONAL, payloads)
