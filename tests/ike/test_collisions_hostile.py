"""A peer that rekeys out of turn while we are rekeying ourselves: nothing is left behind."""

from ike.codec import NoncePayload
from ike.constants import ExchangeType, NotifyType
from ike.events import IkeSaClosed
from ike.state import State
from tests.ike.initiator import Initiator, connected, notified

_LONG = 1000.0


def colliding() -> tuple[Initiator, bytes]:
    """A CPE that has asked to rekey the IKE SA while we are asking the same, and our request."""
    cpe = connected()
    (sa,) = cpe.world.sas
    cpe.world.responder.rekey_ike(sa, cpe.world.now)
    ((request, _),) = cpe.world.take()
    cpe.exchange(ExchangeType.CREATE_CHILD_SA, cpe.rekey_ike_payloads(cpe.successor()))
    assert [sa.state for sa in cpe.world.sas] == [State.REKEYING, State.UNDECIDED]
    return cpe, request


def ends(cpe: Initiator) -> bool:
    """Whether everything ends once the application deletes what is there and no more answers come."""
    for _ in range(2):  # the one that takes over is left in the first round
        for sa in cpe.world.sas:
            cpe.world.responder.delete(sa, cpe.world.now)
        cpe.world.advance(_LONG)
    return cpe.world.is_empty


def test_a_second_rekeying_of_the_ike_sa_by_the_peer_is_put_off_while_ours_is_compared_with_the_first() -> (
    None
):
    cpe, _ = colliding()
    again = cpe.rekey_ike_payloads(cpe.successor(seed="again"))
    answer = cpe.exchange(ExchangeType.CREATE_CHILD_SA, again)
    assert notified(answer) == [NotifyType.TEMPORARY_FAILURE]
    assert len(cpe.world.sas) == 2
    assert ends(cpe)


def test_an_ike_sa_that_the_peer_deletes_before_the_nonces_decide_is_told_as_one_that_has_a_successor() -> (
    None
):
    cpe = connected()
    cpe.world.responder.rekey_ike(cpe.world.sas[0], cpe.world.now)
    cpe.world.take()
    redundant = cpe.rekey_ike()
    redundant.delete_ike()
    closed = cpe.world.last(IkeSaClosed)
    assert closed.ike_spi.startswith(redundant.spi_i.hex())
    assert closed.rekeyed
    assert len(cpe.world.sas) == 1


def test_the_ike_sa_of_the_peer_takes_over_when_the_response_to_our_rekeying_cannot_be_used() -> None:
    cpe, request = colliding()
    cpe.world.deliver(cpe.answer(request, [NoncePayload(bytes(32))]), cpe.path)
    old, new = cpe.world.sas
    assert (old.state, new.state, len(new.children)) == (State.DELETING, State.ESTABLISHED, 1)
    assert ends(cpe)


def test_the_ike_sa_of_the_peer_ends_when_we_delete_the_one_that_both_were_rekeying() -> None:
    cpe, request = colliding()
    cpe.world.responder.delete(cpe.world.sas[0], cpe.world.now)
    cpe.world.deliver(cpe.answer(request, [NoncePayload(bytes(32))]), cpe.path)
    assert ends(cpe)
