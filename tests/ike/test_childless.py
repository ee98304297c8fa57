"""IKE SAs without a CHILD SA (RFC 6023)."""

from dataclasses import replace

import pytest

from ike.codec import AuthPayload, IDiPayload, IDrPayload, KePayload, SaPayload, TSiPayload, TSrPayload
from ike.constants import DhGroup, ExchangeType, NotifyType
from ike.constants import TransformType as T
from ike.crypto import dh
from ike.proposal import Transform
from tests.ike.initiator import Initiator, notified, without
from tests.ike.world import CPE, PEER, World

NEW_SPI = bytes.fromhex("c0ffee01")


def childless(world: World | None = None) -> Initiator:
    """A CPE with an IKE SA and nothing in it."""
    cpe = Initiator(world or World())
    cpe.send_init()
    cpe.send_auth(cpe.auth_payloads()[:2])
    return cpe


def test_support_is_announced_in_ike_sa_init() -> None:
    answer = Initiator(World()).send_init()
    assert NotifyType.CHILDLESS_IKEV2_SUPPORTED in notified(answer.payloads)


def test_ike_auth_without_sa_and_selectors_makes_an_ike_sa_alone() -> None:
    cpe = Initiator(World())
    cpe.send_init()
    answer = cpe.send_auth(cpe.auth_payloads()[:2])
    assert [type(p) for p in answer] == [IDrPayload, AuthPayload]
    (sa,) = cpe.world.sas
    assert sa.children == {}


@pytest.mark.parametrize("missing", [SaPayload, TSiPayload, TSrPayload])
def test_a_part_of_the_three_payloads_is_invalid_syntax(
    missing: type[SaPayload | TSiPayload | TSrPayload],
) -> None:
    cpe = Initiator(World())
    cpe.send_init()
    answer = cpe.send_auth(without(cpe.auth_payloads(), missing))
    assert notified(answer) == [NotifyType.INVALID_SYNTAX]
    assert cpe.world.is_empty


def test_the_child_sa_is_made_later() -> None:
    cpe = childless()
    answer = cpe.exchange(ExchangeType.CREATE_CHILD_SA, cpe.child_payloads(spi=NEW_SPI))
    assert notified(answer) == []
    assert len(cpe.world.sas[0].children) == 1


def test_a_child_sa_that_is_made_later_has_the_policys_pfs() -> None:
    cpe = childless(World(peers={CPE: replace(PEER, pfs_groups=(DhGroup.ECP_256,))}))
    without_group = cpe.exchange(ExchangeType.CREATE_CHILD_SA, cpe.child_payloads(spi=NEW_SPI))
    assert notified(without_group) == [NotifyType.NO_PROPOSAL_CHOSEN]
    key = dh.generate(DhGroup.ECP_256, cpe.random)
    offered = [Transform(T.DH, DhGroup.ECP_256)]
    payloads = cpe.child_payloads(spi=NEW_SPI, offered=offered, ke=KePayload(key.group, key.public))
    assert notified(cpe.exchange(ExchangeType.CREATE_CHILD_SA, payloads)) == []


def test_the_identity_is_required_all_the_same() -> None:
    cpe = Initiator(World())
    cpe.send_init()
    answer = cpe.send_auth(without(cpe.auth_payloads()[:2], IDiPayload))
    assert notified(answer) == [NotifyType.INVALID_SYNTAX]


def test_the_ike_sa_can_be_rekeyed_and_deleted() -> None:
    cpe = childless()
    successor = cpe.rekey_ike()
    cpe.delete_ike()
    successor.delete_ike()
    assert cpe.world.is_empty
