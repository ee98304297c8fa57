"""Datagrams for an IKE SA from somebody without its keys: the first are told, the rest counted by IKE SA."""

from collections.abc import Callable

import pytest

from ike.constants import ExchangeType
from ike.door_events import EventsSuppressed
from ike.events import DatagramDropped, DropReason, IkeSaClosed, LivenessChecked, RequestRepeated
from ike.flood import BURST_OF_SA
from tests.ike.initiator import Initiator, connected
from tests.ike.world import PATH_4500, PEER, World

Make = Callable[[Initiator], bytes]

MORE = 90
FLOOD = BURST_OF_SA + MORE


def forged(cpe: Initiator) -> bytes:
    """The next request of the CPE with a wrong checksum."""
    exchange = ExchangeType.INFORMATIONAL if cpe.world.sas[0].children else ExchangeType.IKE_AUTH
    data = cpe.sealer.seal(cpe.header(exchange, cpe.next_id), [])
    return data[:-1] + bytes([data[-1] ^ 1])


def strayed(cpe: Initiator) -> bytes:
    """A request outside of the window."""
    return cpe.sealer.seal(cpe.header(ExchangeType.INFORMATIONAL, cpe.next_id + 4711), [])


def flood(cpe: Initiator, data: bytes, count: int = FLOOD) -> None:
    for _ in range(count):
        cpe.world.deliver(data, PATH_4500)


def suppressed(cpe: Initiator) -> list[tuple[str, DropReason | None, int]]:
    return [(event.kind, event.reason, event.count) for event in cpe.world.of(EventsSuppressed)]


def test_the_first_ones_are_told_and_the_others_counted_once_a_second() -> None:
    cpe = connected()
    flood(cpe, forged(cpe))
    assert cpe.world.drops == [DropReason.INTEGRITY] * BURST_OF_SA
    assert cpe.world.responder.next_timer() == cpe.world.now + 1.0
    cpe.world.advance(1.0)
    (event,) = cpe.world.of(EventsSuppressed)
    assert (event.kind, event.reason) == ("DatagramDropped", DropReason.INTEGRITY)
    assert (event.count, event.seconds) == (MORE, 1.0)
    assert (event.peer, event.ike_spi, event.path) == (PEER.name, cpe.world.sas[0].name, PATH_4500)
    assert cpe.world.responder.next_timer() is None


@pytest.mark.parametrize(
    ("many", "then", "reason"),
    [(forged, strayed, DropReason.UNEXPECTED_MESSAGE_ID), (strayed, forged, DropReason.INTEGRITY)],
)
def test_the_first_one_of_another_reason_is_told(many: Make, then: Make, reason: DropReason) -> None:
    cpe = connected()
    flood(cpe, many(cpe))
    cpe.world.deliver(then(cpe), PATH_4500)
    assert cpe.world.drops[-1] is reason


def test_the_first_one_of_another_ike_sa_is_told() -> None:
    world = World()
    first, second = Initiator(world), Initiator(world, seed="another")
    for cpe in (first, second):
        cpe.connect()
    flood(first, forged(first))
    world.deliver(forged(second), PATH_4500)
    assert world.last(DatagramDropped).ike_spi == world.sas[1].name


def test_replays_of_the_last_request_are_answered_and_counted() -> None:
    cpe = connected()
    request = cpe.request(ExchangeType.INFORMATIONAL, [])
    (answer,) = cpe.world.deliver(request, PATH_4500)
    for _ in range(FLOOD):
        assert cpe.world.deliver(request, PATH_4500) == [answer]
    assert len(cpe.world.of(RequestRepeated)) == BURST_OF_SA
    cpe.world.advance(1.0)
    assert suppressed(cpe) == [("RequestRepeated", None, MORE)]


def test_under_a_flood_the_peer_is_served() -> None:
    cpe = connected()
    flood(cpe, forged(cpe))
    cpe.send_informational()
    assert cpe.world.last(LivenessChecked).by_peer


def test_after_a_flood_they_are_told_again() -> None:
    cpe = connected()
    flood(cpe, forged(cpe))
    cpe.world.advance(5.0)
    before = len(cpe.world.drops)
    flood(cpe, forged(cpe), 3)
    assert len(cpe.world.drops) == before + 3


def test_the_end_of_the_ike_sa_tells_the_rest_and_leaves_nothing() -> None:
    cpe = connected()
    flood(cpe, forged(cpe))
    cpe.delete_ike()
    assert suppressed(cpe) == [("DatagramDropped", DropReason.INTEGRITY, MORE)]
    told = [type(event) for event in cpe.world.events]
    assert told.index(EventsSuppressed) < told.index(IkeSaClosed)
    assert cpe.world.is_empty
    assert cpe.world.responder.next_timer() is None


def test_a_half_open_ike_sa_is_limited_too() -> None:
    cpe = Initiator(World())
    cpe.send_init()
    flood(cpe, forged(cpe))
    assert len(cpe.world.drops) == BURST_OF_SA
