"""What the gateway answers to each kind of request while it is at each kind of exchange.

Source: RFC 7296 section 2.25.

The CPE's requests are made by hand: its own engine would hold back most of them.
"""

import itertools
from collections.abc import Callable, Sequence

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
from ike.collisions import EXCEPTIONS, Asked, UnderWay, answer_to
from ike.constants import DhGroup, ExchangeType, NotifyType, ProtocolId, name_of
from ike.crypto import dh
from ike.ike_sa import IkeSa
from ike.selectors import ANY_IPV4
from ike.state import State
from tests.ike.pair import Pair
from tests.ike.world import ESP_GCM_256, IKE_CBC_128, counting_random, proposal_of

FURTHER, NEW = bytes.fromhex("c0ffee01"), bytes.fromhex("c0ffee02")
DONE = "done"
REFUSED = "TEMPORARY_FAILURE"

Situation = Callable[[Pair], None]


def create_payloads(spi: bytes) -> list[Payload]:
    offer = SaPayload((proposal_of(ESP_GCM_256, spi=spi),))
    return [offer, NoncePayload(bytes(32)), TSiPayload((ANY_IPV4,)), TSrPayload((ANY_IPV4,))]


def add_further_child(pair: Pair) -> None:
    pair.ask(pair.gateway.sa, ExchangeType.CREATE_CHILD_SA, create_payloads(FURTHER))


def both_rekey_ike(pair: Pair) -> None:
    pair.rekey_ike(pair.gateway)
    pair.rekey_ike(pair.cpe)
    pair.deliver_to(pair.gateway)


def undecided(pair: Pair) -> None:
    both_rekey_ike(pair)
    pair.deliver_to(pair.cpe, 1)  # the answer to its own; it does not know of our request yet


def replaced(pair: Pair) -> None:
    pair.rekey_ike(pair.cpe)
    pair.deliver_to(pair.gateway)
    pair.deliver_to(pair.cpe)


def both_rekey_child(pair: Pair) -> None:
    pair.rekey_child(pair.gateway)
    pair.rekey_child(pair.cpe)
    pair.deliver_to(pair.gateway)


def rekeying_other(pair: Pair) -> None:
    add_further_child(pair)
    pair.rekey_child(pair.gateway)


def about_to_delete(pair: Pair) -> None:
    pair.probe(pair.gateway)
    pair.delete_child(pair.gateway)


def deleting_other(pair: Pair) -> None:
    add_further_child(pair)
    pair.delete_child(pair.gateway)


SITUATIONS: dict[UnderWay, Situation] = {
    UnderWay.NOTHING: lambda _: None,
    UnderWay.REKEYING_IKE: lambda pair: pair.rekey_ike(pair.gateway),
    UnderWay.COMPARING_IKE: both_rekey_ike,
    UnderWay.UNDECIDED: undecided,
    UnderWay.REPLACED: replaced,
    UnderWay.DELETING_IKE: lambda pair: pair.delete_ike(pair.gateway),
    UnderWay.CREATING_CHILD: lambda pair: pair.create_child(pair.gateway),
    UnderWay.REKEYING_CHILD: lambda pair: pair.rekey_child(pair.gateway),
    UnderWay.COMPARING_CHILD: both_rekey_child,
    UnderWay.REKEYING_OTHER_CHILD: rekeying_other,
    UnderWay.DELETING_CHILD: lambda pair: pair.delete_child(pair.gateway),
    UnderWay.ABOUT_TO_DELETE_CHILD: about_to_delete,
    UnderWay.DELETING_OTHER_CHILD: deleting_other,
}
STATES = {
    UnderWay.REKEYING_IKE: State.REKEYING,
    UnderWay.COMPARING_IKE: State.REKEYING,
    UnderWay.UNDECIDED: State.UNDECIDED,
    UnderWay.REPLACED: State.REKEYED,
    UnderWay.DELETING_IKE: State.DELETING,
}
ABOUT_CHILDREN = {UnderWay.CREATING_CHILD, UnderWay.REKEYING_OTHER_CHILD, UnderWay.DELETING_OTHER_CHILD}
SAME_CHILD = {
    UnderWay.REKEYING_CHILD,
    UnderWay.COMPARING_CHILD,
    UnderWay.DELETING_CHILD,
    UnderWay.ABOUT_TO_DELETE_CHILD,
}


TRYING_TO_CLOSE = {UnderWay.DELETING_CHILD, UnderWay.ABOUT_TO_DELETE_CHILD}
AT_THE_IKE_SA = set(STATES)
AT_NO_CHILD = {UnderWay.NOTHING, UnderWay.ABOUT_TO_DELETE_CHILD}
"""What waits goes to the new IKE SA."""
REFUSALS: dict[Asked, set[UnderWay]] = {
    # "a request to rekey an IKE SA that it is currently trying to close", or when "it is currently creating,
    # rekeying, or closing a Child SA of that IKE SA"; one "that it is currently rekeying": as usual
    Asked.REKEY_IKE: set(UnderWay) - AT_NO_CHILD - {UnderWay.REKEYING_IKE},
    # "a request to create or rekey a Child SA when it is currently rekeying the IKE SA"
    Asked.CREATE_CHILD: AT_THE_IKE_SA,
    # "a request to rekey a Child SA that it is currently trying to close"; one that the peer has rekeyed
    # already waits for the nonces
    Asked.REKEY_CHILD: AT_THE_IKE_SA | TRYING_TO_CLOSE | {UnderWay.COMPARING_CHILD},
}


def expected(asked: Asked, under_way: UnderWay) -> str:
    """Section 2.25, sentence by sentence."""
    if under_way in REFUSALS.get(asked, set()):
        return REFUSED
    # "a request to close a Child SA that it is currently trying to close", or "that does not exist"
    absent = {UnderWay.DELETING_CHILD, UnderWay.REPLACED}
    return "no Delete payload" if asked is Asked.DELETE_CHILD and under_way in absent else DONE


def payloads_of(asked: Asked, child_spi: bytes) -> tuple[ExchangeType, Sequence[Payload]]:
    rekey = NotifyPayload(NotifyType.REKEY_SA, b"", ProtocolId.ESP, child_spi)
    match asked:
        case Asked.REKEY_IKE:
            key = dh.generate(DhGroup.ECP_256, counting_random("the rekey"))
            offer = SaPayload((proposal_of(IKE_CBC_128, spi=b"new SPI!"),))
            payloads: list[Payload] = [offer, NoncePayload(bytes(32)), KePayload(key.group, key.public)]
            return ExchangeType.CREATE_CHILD_SA, payloads
        case Asked.CREATE_CHILD:
            return ExchangeType.CREATE_CHILD_SA, create_payloads(NEW)
        case Asked.REKEY_CHILD:
            return ExchangeType.CREATE_CHILD_SA, [rekey, *create_payloads(NEW)]
        case Asked.DELETE_CHILD:
            return ExchangeType.INFORMATIONAL, [DeletePayload(ProtocolId.ESP, 4, (child_spi,))]
        case Asked.DELETE_IKE:
            return ExchangeType.INFORMATIONAL, [DeletePayload(ProtocolId.IKE, 0)]


def outcome(answer: Sequence[Payload], asked: Asked, sa: IkeSa) -> str:
    for payload in answer:
        if isinstance(payload, NotifyPayload):
            return name_of(NotifyType, payload.notify_type)
    if asked is Asked.DELETE_IKE:
        return DONE if sa.state is State.CLOSED and not answer else "not deleted"
    sought = DeletePayload if asked is Asked.DELETE_CHILD else SaPayload
    return (
        DONE
        if any(isinstance(payload, sought) for payload in answer)
        else f"no {sought.__name__[:6]} payload"
    )


@pytest.mark.parametrize("under_way", list(UnderWay), ids=lambda under_way: under_way.value)
@pytest.mark.parametrize("asked", list(Asked), ids=lambda asked: asked.value)
def test_every_request_is_answered_by_what_we_are_at(asked: Asked, under_way: UnderWay) -> None:
    pair = Pair(suite=IKE_CBC_128)
    SITUATIONS[under_way](pair)
    sa = next(sa for sa in pair.gateway.sas if sa.state is STATES.get(under_way, State.ESTABLISHED))
    child = pair.gateway.children[1 if under_way in ABOUT_CHILDREN and len(pair.gateway.children) > 1 else 0]
    about = child if asked in {Asked.REKEY_CHILD, Asked.DELETE_CHILD} else None
    if about or under_way not in SAME_CHILD:
        assert answer_to(asked, sa, about)[1] is under_way
    exchange, payloads = payloads_of(asked, child.esp.spi_out.to_bytes(4, "big"))
    assert outcome(pair.ask(sa, exchange, payloads), asked, sa) == expected(asked, under_way)


def test_the_table_of_exceptions_has_no_entry_that_says_as_usual() -> None:
    usual = [
        cell for cell in itertools.product(Asked, UnderWay) if expected(*cell) == DONE and cell in EXCEPTIONS
    ]
    assert {EXCEPTIONS[cell].name for cell in usual} == {"AND_COMPARE_NONCES"}


def test_a_deleted_child_sa_is_named_in_the_answer_while_our_own_delete_waits() -> None:
    """Our Delete payload for it will not be sent any more, so this is no duplicate (section 1.4.1)."""
    pair = Pair(suite=IKE_CBC_128)
    about_to_delete(pair)
    pair.delete_child(pair.cpe)
    pair.deliver_all()
    assert pair.gateway.children == []
    assert pair.gateway.sa.next_id == 1, "the probe alone was sent"
    pair.assert_agreement()


def test_an_undecided_ike_sa_that_the_peer_uses_to_delete_a_child_sa_is_chosen() -> None:
    """The peer has both answers, so it knows which IKE SA stays; its Delete must find the CHILD SA."""
    pair = Pair(suite=IKE_CBC_128)
    undecided(pair)
    (new,) = (sa for sa in pair.gateway.sas if sa.state is State.UNDECIDED)
    spi_out = pair.gateway.children[0].esp.spi_out.to_bytes(4, "big")
    answer = pair.ask(new, ExchangeType.INFORMATIONAL, [DeletePayload(ProtocolId.ESP, 4, (spi_out,))])
    assert any(isinstance(payload, DeletePayload) for payload in answer)
    assert new.state is State.ESTABLISHED
    assert pair.gateway.children == []
