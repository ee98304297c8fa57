"""Our retransmissions, the window, and what is kept of IKE SAs that have ended.

Source: RFC 7296 sections 2.1 to 2.4.
"""

import itertools

import pytest

from ike.codec import DeletePayload, NotifyPayload
from ike.config import Limits
from ike.constants import ExchangeType, NotifyType, ProtocolId
from ike.events import DatagramDropped, DropReason, LivenessChecked, RequestRepeated
from ike.state import State
from ike.tombstones import MOST, SECONDS, Tombstones
from tests.ike.initiator import Initiator, connected
from tests.ike.pair import Pair
from tests.ike.world import IKE_CBC_128, World

JITTERY = Limits(retransmit_jitter=0.1)
DELETE_IKE = DeletePayload(ProtocolId.IKE, 0)


def retransmissions(pair: Pair) -> list[float]:
    """When the gateway sends a probe that is never answered."""
    began, times = pair.now, []
    pair.probe(pair.gateway)
    while pair.gateway.sas:
        pair.to_cpe.clear()
        due = pair.gateway.responder.next_timer()
        assert due is not None
        pair.advance(due - pair.now)
        times.append(pair.now - began)
    return times


# Jitter


def test_each_wait_is_shorter_than_the_schedule_by_a_random_part_of_at_most_the_jitter() -> None:
    times = [0.0, *retransmissions(Pair(limits=JITTERY, suite=IKE_CBC_128))]
    waits = [later - earlier for earlier, later in itertools.pairwise(times)]
    parts = [wait / JITTERY.retransmit_wait(attempt, 0) for attempt, wait in enumerate(waits)]
    assert len(waits) == 6
    assert all(0.9 <= part <= 1 for part in parts)
    assert len(set(parts)) == 6, "each one is left to chance anew"


def test_the_jitter_comes_from_the_random_source_that_was_given() -> None:
    one, same = (retransmissions(Pair(limits=JITTERY, suite=IKE_CBC_128)) for _ in range(2))
    assert one == same


def test_retransmissions_are_identical_to_the_bit() -> None:
    pair = Pair(limits=JITTERY, suite=IKE_CBC_128)
    pair.rekey_child(pair.gateway)
    pair.advance(100)
    assert len(pair.to_cpe) > 3
    assert len(set(pair.to_cpe)) == 1


# The window of 1


def test_set_window_size_changes_nothing() -> None:
    """The window of the peer is its own promise to us; we go on with one request at a time (section 2.3)."""
    cpe = connected()
    window = NotifyPayload(NotifyType.SET_WINDOW_SIZE, (16).to_bytes(4, "big"))
    assert cpe.send_informational(window) == ()
    sa = cpe.world.sas[0]
    cpe.world.responder.probe(sa, cpe.world.now)
    cpe.world.responder.rekey_ike(sa, cpe.world.now)
    assert len(cpe.world.take()) == 1
    assert len(sa.queued) == 1


@pytest.mark.parametrize("data", [b"", b"\x00", bytes(4), b"\xff" * 4, bytes(64)], ids=len)
def test_a_strange_set_window_size_is_ignored(data: bytes) -> None:
    cpe = connected()
    assert cpe.send_informational(NotifyPayload(NotifyType.SET_WINDOW_SIZE, data)) == ()
    assert cpe.world.sas[0].state is State.ESTABLISHED


def test_requests_that_arrive_in_another_order_are_answered_in_theirs() -> None:
    """The second one is dropped, for our window is 1; the peer repeats it."""
    cpe = connected()
    first = cpe.request(ExchangeType.INFORMATIONAL, [])
    second = cpe.request(ExchangeType.INFORMATIONAL, [])
    assert cpe.world.deliver(second, cpe.path) == []
    assert cpe.world.drops == [DropReason.UNEXPECTED_MESSAGE_ID]
    assert len(cpe.world.deliver(first, cpe.path)) == 1
    assert len(cpe.world.deliver(second, cpe.path)) == 1
    assert len(cpe.world.of(LivenessChecked)) == 2


def test_a_request_of_long_ago_is_not_answered_again() -> None:
    cpe = connected()
    old = cpe.request(ExchangeType.INFORMATIONAL, [])
    cpe.world.deliver(old, cpe.path)
    cpe.send_informational()
    assert cpe.world.deliver(old, cpe.path) == []
    assert cpe.world.of(RequestRepeated) == []
    assert cpe.world.last(DatagramDropped).reason is DropReason.UNEXPECTED_MESSAGE_ID


def test_a_replayed_answer_is_no_answer_to_a_later_request() -> None:
    pair = Pair(suite=IKE_CBC_128)
    pair.probe(pair.gateway)
    pair.deliver_to(pair.cpe)
    answer = pair.to_gateway[0]
    pair.deliver_all()
    pair.probe(pair.gateway)
    pair.give(pair.gateway, answer)
    assert pair.gateway.sa.outstanding is not None
    assert pair.gateway.of(DatagramDropped)[-1].reason is DropReason.UNEXPECTED_RESPONSE


def test_our_own_request_reflected_to_us_is_dropped() -> None:
    pair = Pair(suite=IKE_CBC_128)
    pair.probe(pair.gateway)
    pair.give(pair.gateway, pair.to_cpe[0])
    assert len(pair.gateway.of(DatagramDropped)) == 1
    assert len(pair.to_cpe) == 1


# What is kept of an IKE SA that has ended


def test_the_answer_to_a_delete_is_repeated_after_the_ike_sa_has_ended() -> None:
    cpe = connected()
    delete = cpe.request(ExchangeType.INFORMATIONAL, [DELETE_IKE])
    answer = cpe.world.deliver(delete, cpe.path)
    assert cpe.world.is_empty
    cpe.world.advance(SECONDS - 1)
    assert cpe.world.deliver(delete, cpe.path) == answer


def test_it_is_forgotten_after_its_time() -> None:
    cpe = connected()
    delete = cpe.request(ExchangeType.INFORMATIONAL, [DELETE_IKE])
    cpe.world.deliver(delete, cpe.path)
    cpe.world.advance(SECONDS)
    assert cpe.world.deliver(delete, cpe.path) == []
    assert len(cpe.world.responder._ctx.tombstones) == 0


def test_only_the_identical_request_is_answered_so() -> None:
    cpe = connected()
    delete = cpe.request(ExchangeType.INFORMATIONAL, [DELETE_IKE])
    cpe.world.deliver(delete, cpe.path)
    assert cpe.world.deliver(delete[:-1] + bytes([delete[-1] ^ 1]), cpe.path) == []


def test_a_refused_ike_auth_is_refused_again_in_the_same_octets() -> None:
    cpe = Initiator(World(), psk=b"mistyped")
    cpe.send_init()
    request = cpe.request(ExchangeType.IKE_AUTH, cpe.auth_payloads())
    answer = cpe.world.deliver(request, cpe.path)
    assert cpe.world.is_empty
    assert cpe.world.deliver(request, cpe.path) == answer


def test_no_more_than_the_most_are_kept_and_the_oldest_go_first() -> None:
    pair = Pair(suite=IKE_CBC_128)
    (sa,) = pair.gateway.sas
    sa.expected_id, sa.last_response = 2, (b"answer",)
    stones = Tombstones()
    for number in range(MOST + 5):
        sa.spi_r, sa.last_request = number.to_bytes(8, "big"), number.to_bytes(4, "big")
        stones.add(sa, now=0.0)
    assert len(stones) == MOST
    assert stones.answer((4).to_bytes(8, "big"), (4).to_bytes(4, "big"), 1.0) is None
    assert stones.answer((5).to_bytes(8, "big"), (5).to_bytes(4, "big"), 1.0) == (b"answer",)


def test_what_is_kept_does_not_grow_with_the_length_of_a_request() -> None:
    pair = Pair(suite=IKE_CBC_128)
    (sa,) = pair.gateway.sas
    sa.expected_id, sa.last_request = 2, bytes(60_000)
    stones = Tombstones()
    stones.add(sa, now=0.0)
    (stone,) = stones._stones.values()
    assert len(stone.request) == 32


def test_a_half_open_ike_sa_that_times_out_leaves_nothing() -> None:
    world = World()
    Initiator(world).send_init()
    world.advance(31)
    assert world.is_empty
    assert len(world.responder._ctx.tombstones) == 0
