"""Lifetimes of SAs: we rekey at the soft limit and delete at the hard one (RFC 7296 section 2.8)."""

import math
from dataclasses import replace
from typing import Any

import pytest

from ike.codec import DeletePayload, NotifyPayload, SaPayload
from ike.config import Lifetimes, PeerConfig
from ike.constants import DhGroup, NotifyType, TransformType
from ike.events import ChildSaClosed, ChildSaEstablished, IkeSaClosed, IkeSaRekeyed
from tests.ike.initiator import Initiator
from tests.ike.pair import Pair
from tests.ike.world import CPE, FOREVER, PEER, World

SHORT = Lifetimes(ike=math.inf, child=1000.0, margin=0.2, jitter=0.5)
SHORT_IKE = Lifetimes(ike=1000.0, child=math.inf, margin=0.2, jitter=0.5)


def pair_with(lifetimes: Lifetimes, **changes: Any) -> Pair:
    """A pair in which the gateway has these lifetimes and the CPE leaves all to it."""
    pair = Pair(config=replace(PEER, lifetimes=lifetimes, **changes))
    for sa in pair.cpe.sas:
        sa.peer = replace(sa.peer, lifetimes=FOREVER)
        for child in sa.children.values():
            child.rekey_at = child.expire_at = None
    pair.cpe.ctx.settle(pair.cpe.sa)
    return pair


def alone_with(peer: PeerConfig) -> Initiator:
    """A scripted CPE that answers nothing on its own."""
    cpe = Initiator(World(peers={CPE: peer}))
    cpe.connect()
    return cpe


def test_a_child_sa_is_rekeyed_between_the_start_of_the_margin_and_its_random_part() -> None:
    pair = pair_with(SHORT)
    (old,) = pair.gateway.children
    pair.advance(799.9)
    assert not pair.to_cpe
    pair.advance(100.1)
    assert len(set(pair.to_cpe)) == 1
    pair.deliver_all()
    (new,) = pair.gateway.children
    assert new.replaces == old.spi_in
    pair.assert_agreement()


def test_the_successor_of_a_child_sa_has_a_whole_lifetime() -> None:
    pair = pair_with(SHORT)
    for _ in range(10):
        pair.advance(905)
        pair.deliver_all()
    assert len(pair.gateway.of(ChildSaEstablished)) == 11
    assert len(pair.gateway.children) == 1
    pair.assert_agreement()


def test_an_ike_sa_is_rekeyed_with_its_child_sas() -> None:
    pair = pair_with(SHORT_IKE)
    (child,) = pair.gateway.children
    pair.advance(900)
    pair.deliver_all()
    assert len(pair.gateway.of(IkeSaRekeyed)) == 1
    assert pair.gateway.children == [child]
    assert pair.gateway.sa.we_initiated
    pair.assert_agreement()


def test_a_child_sa_that_cannot_be_rekeyed_ends_at_the_hard_limit() -> None:
    cpe = alone_with(replace(PEER, lifetimes=replace(SHORT, child=100.0)))
    cpe.world.advance(100)
    closed = cpe.world.last(ChildSaClosed)
    assert closed.reason == "its lifetime is over"
    assert len(cpe.world.sas) == 1
    assert cpe.world.sas[0].children == {}


def test_an_ike_sa_that_cannot_be_rekeyed_is_deleted_at_the_hard_limit() -> None:
    cpe = alone_with(replace(PEER, lifetimes=replace(SHORT_IKE, ike=100.0)))
    purposes = []
    while cpe.world.sas:
        due = cpe.world.responder.next_timer() or 0.0
        ((request, _),) = cpe.world.advance(due - cpe.world.now)
        asked = cpe.open(request)
        purposes.append(type(asked[0]))
        refused = [NotifyPayload(NotifyType.TEMPORARY_FAILURE)] if purposes[-1] is SaPayload else []
        cpe.world.deliver(cpe.answer(request, refused))
    assert purposes[0] is SaPayload
    assert purposes[-1] is DeletePayload
    assert cpe.world.last(IkeSaClosed).reason == "its lifetime is over"


def test_the_first_child_sa_has_no_pfs_and_its_successor_has_the_policys() -> None:
    pair = pair_with(SHORT, pfs_groups=(DhGroup.ECP_256,))
    (old,) = pair.gateway.children
    pair.advance(900)
    pair.deliver_all()
    (new,) = pair.gateway.children
    assert old.proposal.of_type(TransformType.DH) == ()
    assert [t.id for t in new.proposal.of_type(TransformType.DH)] == [DhGroup.ECP_256]
    pair.assert_agreement()


def test_a_child_sa_is_rekeyed_before_its_sequence_numbers_are_used_up() -> None:
    pair = Pair()
    (child,) = pair.gateway.children
    limit = pair.gateway.sa.peer.lifetimes.child_packets
    pair.gateway.responder.packets_sent(child.spi_in, limit - 1, pair.now)
    pair.collect()
    assert not pair.to_cpe
    pair.gateway.responder.packets_sent(child.spi_in, limit, pair.now)
    pair.gateway.responder.packets_sent(child.spi_in, limit + 1, pair.now)
    pair.collect()
    assert len(pair.to_cpe) == 1
    pair.deliver_all()
    assert [c.replaces for c in pair.gateway.children] == [child.spi_in]


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_the_soft_limit_lies_in_the_margin(chance: float) -> None:
    assert 800.0 <= SHORT.soft(1000.0, chance) <= 900.0


def test_without_lifetimes_nothing_is_ever_rekeyed() -> None:
    pair = Pair()
    assert pair.gateway.responder.next_timer() is None
