"""Liveness: we ask only a peer that has been silent (RFC 7296 section 2.4)."""

from dataclasses import replace

import pytest

from ike.events import IkeSaClosed, LivenessChecked
from tests.ike.initiator import Initiator
from tests.ike.world import CPE, PEER, World

INTERVAL = 20.0


@pytest.fixture
def cpe() -> Initiator:
    """A CPE whose gateway asks for a sign of life after 20 s of silence."""
    initiator = Initiator(World(peers={CPE: replace(PEER, liveness_interval=INTERVAL)}))
    initiator.connect()
    return initiator


def our_spi(cpe: Initiator) -> int:
    """The gateway's inbound SPI."""
    (spi_in,) = cpe.world.sas[0].children
    return spi_in


def test_a_silent_peer_is_asked_after_the_interval(cpe: Initiator) -> None:
    assert cpe.world.advance(INTERVAL - 0.1) == []
    ((data, _),) = cpe.world.advance(0.2)
    assert cpe.open(data) == ()
    cpe.world.deliver(cpe.answer(data))
    assert not cpe.world.last(LivenessChecked).by_peer


def test_an_authentic_request_of_the_peer_is_a_sign_of_life(cpe: Initiator) -> None:
    cpe.world.advance(INTERVAL / 2)
    cpe.send_informational()
    assert cpe.world.advance(INTERVAL - 0.1) == []
    assert len(cpe.world.advance(0.2)) == 1


def test_esp_traffic_is_a_sign_of_life(cpe: Initiator) -> None:
    for _ in range(10):
        cpe.world.advance(INTERVAL / 2)
        cpe.world.responder.saw_traffic(our_spi(cpe), cpe.world.now)
    assert cpe.world.advance(INTERVAL - 0.1) == []
    assert len(cpe.world.advance(0.2)) == 1


def test_old_news_of_traffic_does_not_bring_the_question_forward(cpe: Initiator) -> None:
    cpe.world.responder.saw_traffic(our_spi(cpe), cpe.world.now - 15)
    assert cpe.world.advance(INTERVAL - 0.1) == []


def test_a_forged_message_is_no_sign_of_life(cpe: Initiator) -> None:
    cpe.world.advance(INTERVAL / 2)
    data = cpe.request(37, [])
    cpe.world.deliver(data[:-1] + bytes([data[-1] ^ 1]))
    assert len(cpe.world.advance(INTERVAL / 2)) == 1


def test_a_peer_that_does_not_answer_is_gone_after_the_retransmissions(cpe: Initiator) -> None:
    cpe.world.advance(INTERVAL + 166)
    assert cpe.world.is_empty
    assert "the peer is gone" in cpe.world.last(IkeSaClosed).reason


def test_one_question_is_under_way_at_a_time(cpe: Initiator) -> None:
    first, *again = [data for data, _ in cpe.world.advance(INTERVAL * 3)]
    assert set(again) == {first}


def test_with_interval_0_nobody_is_asked() -> None:
    cpe = Initiator(World())
    cpe.connect()
    assert cpe.world.advance(100_000) == []
