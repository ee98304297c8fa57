"""Negotiating fragmentation, receiving fragments, and the bounds of both (RFC 7383 sections 2.3 and 2.6)."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ike.codec import (
    DeletePayload,
    EncryptedFragmentPayload,
    NotifyPayload,
    Payload,
    UnknownPayload,
    VendorPayload,
    build_message,
)
from ike.config import Limits
from ike.constants import ExchangeType, NotifyType, PayloadType, ProtocolId
from ike.events import (
    ChildSaEstablished,
    DropReason,
    IkeSaClosed,
    IkeSaEstablished,
    IncompleteMessageDropped,
    LivenessChecked,
    MessageReceived,
    ReassemblyStarted,
    RequestRepeated,
)
from tests.ike.initiator import Initiator, notified
from tests.ike.world import CPE, IKE_CBC_128, IKE_GCM_256, PEER, World

SUPPORTED = NotifyType.IKEV2_FRAGMENTATION_SUPPORTED
INFORMATIONAL = ExchangeType.INFORMATIONAL
SIZE = 110
"""Octets of a fragment in these tests: IKE_AUTH takes four or more of them."""


def half_open(world: World | None = None, **how: Any) -> Initiator:
    """A fragmenting CPE after IKE_SA_INIT, on port 4500."""
    cpe = Initiator(world or World(), **how)
    cpe.send_init(cpe.fragmenting_init_payloads())
    cpe.path = cpe.path._replace(local_port=4500, remote_port=4500)
    return cpe


def established(world: World | None = None) -> Initiator:
    """A fragmenting CPE with its SAs up."""
    cpe = half_open(world)
    cpe.exchange(ExchangeType.IKE_AUTH, cpe.auth_payloads())
    return cpe


def auth_fragments(cpe: Initiator, size: int = SIZE) -> list[bytes]:
    """IKE_AUTH in fragments."""
    return cpe.fragments(ExchangeType.IKE_AUTH, cpe.auth_payloads(), size=size)


def deliver(cpe: Initiator, datagrams: list[bytes]) -> list[bytes]:
    """Give datagrams to the responder one by one; what it sends."""
    return [data for datagram in datagrams for data, _ in cpe.world.deliver(datagram, cpe.path)]


def padded(octets: int) -> list[Payload]:
    """An INFORMATIONAL request's payloads that mean nothing and take some room."""
    return [VendorPayload(bytes(octets))]


# Negotiation


def test_we_announce_fragmentation_to_a_peer_that_announced_it() -> None:
    cpe = Initiator(World())
    answer = cpe.send_init(cpe.fragmenting_init_payloads())
    assert NotifyPayload(SUPPORTED) in answer.payloads


def test_we_say_nothing_of_it_to_a_peer_that_did_not() -> None:
    cpe = Initiator(World())
    assert SUPPORTED not in notified(cpe.send_init().payloads)


def test_we_say_nothing_of_it_when_it_is_switched_off() -> None:
    cpe = Initiator(World({CPE: replace(PEER, fragmentation=False)}))
    assert SUPPORTED not in notified(cpe.send_init(cpe.fragmenting_init_payloads()).payloads)


@pytest.mark.parametrize("announced", [False, True], ids=["not announced", "switched off"])
def test_a_fragment_without_negotiation_is_dropped(*, announced: bool) -> None:
    cpe = Initiator(World({CPE: replace(PEER, fragmentation=False)} if announced else {CPE: PEER}))
    cpe.send_init(cpe.fragmenting_init_payloads() if announced else None)
    datagrams = auth_fragments(cpe)
    assert deliver(cpe, datagrams) == []
    assert set(cpe.world.drops) == {DropReason.FRAGMENTATION_NOT_NEGOTIATED}


def test_an_ike_sa_that_replaces_another_inherits_it() -> None:
    new = established().rekey_ike()
    new.exchange(INFORMATIONAL, [])
    deliver(new, new.fragments(INFORMATIONAL, padded(300), size=SIZE))
    assert new.world.last(MessageReceived).fragments != ()


# Receiving


@pytest.mark.parametrize("suite", [IKE_GCM_256, IKE_CBC_128], ids=["AEAD", "CBC and HMAC"])
def test_ike_auth_in_fragments_establishes(suite: object) -> None:
    cpe = half_open(suite=suite)
    datagrams = auth_fragments(cpe)
    assert len(datagrams) >= 4
    assert deliver(cpe, datagrams[:-1]) == []
    assert cpe.accepts(cpe.read(deliver(cpe, datagrams[-1:])))
    assert len(cpe.world.of(IkeSaEstablished)) == len(cpe.world.of(ChildSaEstablished)) == 1


def test_the_event_names_the_size_of_each_fragment() -> None:
    cpe = half_open()
    datagrams = auth_fragments(cpe)
    deliver(cpe, datagrams)
    received = cpe.world.last(MessageReceived)
    assert received.fragments == tuple(map(len, datagrams))
    assert received.length == sum(map(len, datagrams))
    started = cpe.world.last(ReassemblyStarted)
    assert (started.exchange, started.message_id, started.total) == ("IKE_AUTH", 1, len(datagrams))


def test_a_whole_message_has_no_fragments_in_its_event() -> None:
    assert established().world.last(MessageReceived).fragments == ()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_order_with_any_duplicates_gives_the_same_message(choose: st.DataObject) -> None:
    cpe = half_open()
    datagrams = auth_fragments(cpe)
    again = choose.draw(st.lists(st.sampled_from(datagrams), max_size=6))
    answer = deliver(cpe, choose.draw(st.permutations([*datagrams, *again])))
    # A duplicate of the first fragment after the end asks for the response again.
    copies = 1 + len(cpe.world.of(RequestRepeated))
    assert answer == answer[: len(answer) // copies] * copies
    assert cpe.accepts(cpe.read(answer[: len(answer) // copies]))
    assert len(cpe.world.of(IkeSaEstablished)) == 1


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_message_that_lacks_a_fragment_is_never_complete(choose: st.DataObject) -> None:
    cpe = half_open()
    datagrams = auth_fragments(cpe)
    datagrams.remove(choose.draw(st.sampled_from(datagrams)))
    again = choose.draw(st.lists(st.sampled_from(datagrams), max_size=6))
    assert deliver(cpe, choose.draw(st.permutations([*datagrams, *again]))) == []
    assert cpe.world.of(IkeSaEstablished) == []


def test_a_lost_fragment_is_made_up_for_by_the_retransmission() -> None:
    cpe = half_open()
    datagrams = auth_fragments(cpe)
    assert deliver(cpe, [datagrams[0], *datagrams[2:]]) == []
    assert deliver(cpe, datagrams) != []
    assert len(cpe.world.of(IkeSaEstablished)) == 1


def test_one_fragment_of_one_is_a_message() -> None:
    cpe = established()
    deliver(cpe, [forge(cpe, 1, 1)])
    assert cpe.world.last(LivenessChecked).by_peer
    assert len(cpe.world.last(MessageReceived).fragments) == 1


def forge(
    cpe: Initiator, number: int, total: int, content: bytes = b"", *, first_inner: int = 0, exchange: int = 0
) -> bytes:
    """An authentic fragment of the next request with whatever numbers in it."""
    header = cpe.header(exchange or INFORMATIONAL, cpe.next_id)
    return cpe.fragment(header, EncryptedFragmentPayload(first_inner, number, total, b""), content)


# What changes nothing (section 2.6)


def spoiled(datagram: bytes) -> bytes:
    """The datagram with the last octet of its checksum changed."""
    return datagram[:-1] + bytes([datagram[-1] ^ 1])


def test_a_fragment_that_is_not_authentic_is_not_kept() -> None:
    cpe = half_open()
    datagrams = auth_fragments(cpe)
    assert deliver(cpe, [spoiled(datagrams[0]), *datagrams[1:]]) == []
    assert cpe.world.drops == [DropReason.INTEGRITY]
    assert deliver(cpe, datagrams[:1]) != []


def test_a_fragment_of_more_that_is_not_authentic_replaces_nothing() -> None:
    cpe = half_open()
    datagrams = auth_fragments(cpe)
    larger = spoiled(forge(cpe, 1, len(datagrams) + 1))
    deliver(cpe, [*datagrams[:-1], larger])
    assert deliver(cpe, datagrams[-1:]) != []


def test_the_fragment_numbers_are_authenticated() -> None:
    cpe = half_open()
    one = bytearray(auth_fragments(cpe)[0])
    one[33] = 2  # the fragment number, behind the IKE header and the generic header
    deliver(cpe, [bytes(one)])
    assert cpe.world.drops == [DropReason.INTEGRITY]


@pytest.mark.parametrize(("number", "total"), [(0, 1), (0, 0), (2, 1)])
def test_numbers_that_no_fragment_can_have_are_malformed(number: int, total: int) -> None:
    cpe = established()
    assert deliver(cpe, [forge(cpe, number, total)]) == []
    assert cpe.world.drops == [DropReason.MALFORMED]


def test_only_the_first_fragment_names_a_payload() -> None:
    cpe = established()
    assert deliver(cpe, [forge(cpe, 1, 2), forge(cpe, 2, 2, first_inner=PayloadType.NOTIFY)]) == []
    assert cpe.world.drops == [DropReason.MALFORMED]


def test_a_pad_length_that_exceeds_the_fragment_is_malformed() -> None:
    cpe = established()
    data = cpe.fragment(cpe.header(INFORMATIONAL, cpe.next_id), EncryptedFragmentPayload(0, 1, 1, b""), b"")
    iv = cpe.random(8)
    prefix = data[: -len(iv) - 1 - 16]
    assert deliver(cpe, [prefix + iv + cpe.outbound.seal(iv, prefix, b"\x07")]) == []
    assert cpe.world.drops == [DropReason.MALFORMED]


def test_a_fragment_too_short_for_iv_and_checksum_is_malformed() -> None:
    cpe = established()
    header = cpe.header(INFORMATIONAL, cpe.next_id)
    skf = EncryptedFragmentPayload(0, 1, 2, bytes(24))
    assert deliver(cpe, [build_message(header, [skf])]) == []
    assert cpe.world.drops == [DropReason.MALFORMED]


def test_a_message_that_is_malformed_once_complete_is_answered_as_a_whole_one_would_be() -> None:
    cpe = established()
    answer = deliver(cpe, [forge(cpe, 2, 2, b"rubbish"), forge(cpe, 1, 2, b"", first_inner=PayloadType.AUTH)])
    assert notified(cpe.read(answer)) == [NotifyType.INVALID_SYNTAX]


def test_an_unknown_critical_payload_before_skf_is_refused() -> None:
    cpe = established()
    header = cpe.header(INFORMATIONAL, cpe.next_id)
    outer = UnknownPayload(200, critical=True, body=b"")
    size = 4 + 4 + 8 + 1 + 16
    skf = EncryptedFragmentPayload(0, 1, 1, bytes(size - 8))
    prefix = build_message(header, [outer, skf])[: -(size - 8)]
    iv = cpe.random(8)
    (answer,) = deliver(cpe, [prefix + iv + cpe.outbound.seal(iv, prefix, b"\x00")])
    assert notified(cpe.open(answer)) == [NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD]


def test_a_duplicate_is_dropped_without_a_look_inside() -> None:
    cpe = half_open()
    datagrams = auth_fragments(cpe)
    deliver(cpe, [datagrams[1], spoiled(datagrams[1])])
    assert cpe.world.drops == [DropReason.UNEXPECTED_FRAGMENT]


# Fragments of different sizes (section 2.6)


def test_fragments_of_more_replace_those_of_fewer() -> None:
    cpe = half_open()
    few, many = auth_fragments(cpe, 160), recut(cpe, SIZE)
    assert len(few) < len(many)
    deliver(cpe, few[:-1])
    assert deliver(cpe, many[1:]) == []
    assert deliver(cpe, many[:1]) != []
    assert cpe.world.last(MessageReceived).fragments == tuple(map(len, many))


def test_fragments_of_fewer_are_dropped_while_there_are_some_of_more() -> None:
    cpe = half_open()
    few, many = auth_fragments(cpe, 160), recut(cpe, SIZE)
    deliver(cpe, many[:1])
    assert deliver(cpe, few) == []
    assert cpe.world.drops == [DropReason.UNEXPECTED_FRAGMENT] * len(few)
    assert deliver(cpe, many[1:]) != []


def recut(cpe: Initiator, size: int) -> list[bytes]:
    """The IKE_AUTH request again, with the same message ID, in fragments of another size."""
    cpe.next_id -= 1
    return auth_fragments(cpe, size)


def test_a_whole_message_ends_the_wait_for_the_fragments_of_the_same() -> None:
    cpe = half_open()
    deliver(cpe, auth_fragments(cpe)[:-1])
    (whole,) = recut(cpe, 2000)
    assert cpe.accepts(cpe.read(deliver(cpe, [whole])))
    cpe.world.advance(100)
    assert cpe.world.of(IncompleteMessageDropped) == []


def test_fragments_of_another_exchange_start_anew() -> None:
    cpe = established()
    deliver(cpe, [forge(cpe, 1, 2, exchange=ExchangeType.CREATE_CHILD_SA)])
    assert deliver(cpe, [forge(cpe, 2, 2)]) == []
    assert deliver(cpe, [forge(cpe, 1, 2)]) != []
    assert cpe.world.last(LivenessChecked).by_peer


# Retransmissions of a request that was answered (section 2.6.1)


def test_the_first_fragment_alone_asks_for_the_response_again() -> None:
    cpe = half_open()
    datagrams = auth_fragments(cpe)
    answer = deliver(cpe, datagrams)
    assert deliver(cpe, datagrams[1:]) == []
    assert cpe.world.drops == [DropReason.UNEXPECTED_FRAGMENT] * (len(datagrams) - 1)
    assert deliver(cpe, datagrams[:1]) == answer
    assert len(cpe.world.of(RequestRepeated)) == 1


def test_a_first_fragment_of_another_size_asks_for_the_response_again_too() -> None:
    cpe = half_open()
    answer = deliver(cpe, auth_fragments(cpe, 160))
    again = recut(cpe, SIZE)
    assert deliver(cpe, again) == answer
    assert len(cpe.world.of(IkeSaEstablished)) == 1


def test_a_first_fragment_after_a_whole_request_asks_for_the_response_again() -> None:
    cpe = half_open()
    answer = deliver(cpe, auth_fragments(cpe, 2000))
    assert deliver(cpe, recut(cpe, SIZE)) == answer


def test_a_first_fragment_that_is_not_authentic_asks_for_nothing() -> None:
    cpe = half_open()
    datagrams = auth_fragments(cpe)
    deliver(cpe, datagrams)
    assert deliver(cpe, [spoiled(datagrams[0])]) == []
    assert cpe.world.drops == [DropReason.INTEGRITY]


def test_the_first_fragment_of_a_delete_asks_for_the_response_again_after_the_ike_sa_has_ended() -> None:
    cpe = established()
    delete = [DeletePayload(ProtocolId.IKE, 0), *padded(200)]
    datagrams = cpe.fragments(INFORMATIONAL, delete, size=SIZE)
    answer = deliver(cpe, datagrams)
    assert cpe.world.is_empty
    assert deliver(cpe, datagrams) == answer != []


# Bounds


def test_a_message_that_stays_incomplete_is_forgotten_after_30_s() -> None:
    cpe = established()
    one, *rest = cpe.fragments(INFORMATIONAL, padded(300), size=SIZE)
    start = cpe.world.now
    deliver(cpe, rest)
    assert cpe.world.responder.next_timer() == start + 30.0
    cpe.world.advance(30.0)
    dropped = cpe.world.last(IncompleteMessageDropped)
    assert dropped.received == tuple(range(2, len(rest) + 2))
    assert (dropped.total, dropped.fragments) == (len(rest) + 1, tuple(map(len, rest)))
    assert (dropped.exchange, dropped.reason) == ("INFORMATIONAL", "the other fragments did not come in time")
    assert deliver(cpe, [one]) == []
    assert deliver(cpe, rest) != []


def test_a_half_open_ike_sa_that_ends_says_what_it_waited_for() -> None:
    cpe = half_open()
    deliver(cpe, auth_fragments(cpe)[1:])
    cpe.world.advance(60.0)
    assert 1 not in cpe.world.last(IncompleteMessageDropped).received
    assert cpe.world.of(IkeSaClosed) != []
    assert cpe.world.is_empty


def test_more_fragments_than_allowed_are_refused_at_the_first() -> None:
    cpe = half_open(World(limits=Limits(max_fragments=3)))
    datagrams = auth_fragments(cpe)
    assert deliver(cpe, datagrams) == []
    assert set(cpe.world.drops) == {DropReason.TOO_LONG}
    assert cpe.world.of(ReassemblyStarted) == []


def test_fragments_hold_a_bounded_number_of_octets() -> None:
    one, two = 200, 300
    cpe = established(World(limits=Limits(max_reassembled=one + two)))
    empty = len(forge(cpe, 1, 3))
    deliver(cpe, [forge(cpe, 1, 3, bytes(one - empty)), forge(cpe, 2, 3, bytes(two + 1 - empty))])
    assert cpe.world.drops == [DropReason.TOO_LONG]
    deliver(cpe, [forge(cpe, 2, 3, bytes(two - empty))])
    assert cpe.world.drops == [DropReason.TOO_LONG]


def test_half_open_ike_sas_that_wait_for_fragments_are_bounded() -> None:
    world = World(limits=Limits(max_half_open_reassemblies=2))
    cpes = [half_open(world, seed=f"cpe {number}") for number in range(3)]
    for cpe in cpes:
        deliver(cpe, auth_fragments(cpe)[:1])
    assert world.drops == [DropReason.TOO_MANY_FRAGMENTED]
    assert len(world.of(ReassemblyStarted)) == 2


def test_an_authenticated_peer_may_always_send_fragments() -> None:
    world = World(limits=Limits(max_half_open_reassemblies=0))
    cpe = half_open(world)
    cpe.exchange(ExchangeType.IKE_AUTH, cpe.auth_payloads())
    assert deliver(cpe, cpe.fragments(INFORMATIONAL, padded(300), size=SIZE)) != []


def test_a_fragment_outside_the_window_is_dropped() -> None:
    cpe = established()
    cpe.next_id += 1
    assert deliver(cpe, [forge(cpe, 1, 2)]) == []
    assert cpe.world.drops == [DropReason.UNEXPECTED_MESSAGE_ID]


def test_a_fragment_of_an_exchange_that_the_state_does_not_take_is_dropped() -> None:
    cpe = half_open()
    assert deliver(cpe, [forge(cpe, 1, 2, exchange=ExchangeType.CREATE_CHILD_SA)]) == []
    assert cpe.world.drops == [DropReason.UNEXPECTED_EXCHANGE]
