"""Forecasts about idle tunnels: GSA-IKE-048 and 049."""

import pytest

from gateway.diagnosis import Certainty, Severity
from ike.nat import detection_hash
from tests.gateway.diagnosis.later_story import LaterStory

REWRITTEN = 61234


def codes(story: LaterStory) -> set[str]:
    """What is found."""
    return {finding.code for finding in story.findings()}


def came_up(*, port: int = 4500, waits: float | None = 45.0) -> LaterStory:
    """A tunnel that works; IKE_AUTH came from ``port``, and the gateway asks after ``waits`` seconds."""
    story = LaterStory(facts={"liveness_seconds": waits})
    story.init()
    story.source, story.listens = f"{story.tunnel.peer_address}:{port}", 4500
    story.auth()
    story.create_child()
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    return story


# Liveness checks


def test_a_cpe_that_never_asks_in_a_silence_in_which_the_gateway_does_is_possibly_without_dpd() -> None:
    story = came_up()
    assert story.findings(after=600) == []
    story.wait(45)
    story.check_liveness(by_peer=False)
    finding = story.finding()
    assert (finding.code, finding.severity, finding.certainty) == (
        "GSA-IKE-049",
        Severity.WARNING,
        Certainty.POSSIBLE,
    )
    assert finding.saw.startswith("an idle tunnel for 45 s")


@pytest.mark.parametrize("order", [(True, False), (False, True)])
def test_a_cpe_that_has_ever_asked_has_dpd(order: tuple[bool, bool]) -> None:
    story = came_up()
    for by_peer in order:
        story.wait(45)
        story.check_liveness(by_peer=by_peer)
    assert story.findings() == []


@pytest.mark.parametrize("waits", [None, 2.0, 29.0])
def test_nothing_is_concluded_from_a_gateway_that_asks_sooner_than_a_cpe_would(waits: float | None) -> None:
    story = came_up(waits=waits)
    story.wait(30)
    story.check_liveness(by_peer=False)
    assert story.findings() == []


def test_a_question_in_an_earlier_ike_sa_is_history() -> None:
    story = came_up()
    story.check_liveness(by_peer=False)
    story.connect()
    assert "GSA-IKE-049" not in codes(story)


def test_a_question_after_the_hold_timer_of_bgp_was_asked_for_that() -> None:
    story = came_up()
    story.wait(45)
    story.notified(4, 0, sent=True)
    story.wait(1)
    story.check_liveness(by_peer=False)
    assert "GSA-IKE-049" not in codes(story)


# NAT keepalives


def test_silence_without_a_nat_keepalive_behind_a_nat_is_likely_none() -> None:
    story = came_up(port=REWRITTEN)
    story.wait(45)
    story.check_liveness(by_peer=False)
    (finding,) = [each for each in story.findings() if each.code == "GSA-IKE-048"]
    assert (finding.severity, finding.certainty) == (Severity.WARNING, Certainty.LIKELY)
    assert f"source ports 500 and {REWRITTEN}" in finding.saw
    assert "nothing from the CPE for 45 s" in finding.saw


def test_a_nat_keepalive_in_the_silence_keeps_the_mapping() -> None:
    story = came_up(port=REWRITTEN)
    story.wait(20)
    story.keep_mapping()
    story.wait(25)
    story.check_liveness(by_peer=False)
    assert "GSA-IKE-048" not in codes(story)


def test_a_nat_keepalive_before_the_silence_does_not() -> None:
    story = came_up(port=REWRITTEN)
    story.keep_mapping()
    story.wait(60)
    story.check_liveness(by_peer=False)
    assert "GSA-IKE-048" in codes(story)


def test_a_cpe_whose_hash_tells_of_a_nat_needs_keepalives_although_its_ports_stay() -> None:
    story = LaterStory(facts={"liveness_seconds": 45.0})
    spis = bytes(range(1, 17))
    inside = detection_hash(spis[:8], spis[8:], story.facts.peer_bgp, 500)
    story.hashes = (spis.hex(), inside.hex())
    story.init()
    story.source, story.listens = f"{story.tunnel.peer_address}:4500", 4500
    story.auth()
    story.create_child()
    story.wait(45)
    story.check_liveness(by_peer=False)
    assert "GSA-IKE-048" in codes(story)


def test_a_cpe_that_only_forces_encapsulation_has_no_mapping_to_keep() -> None:
    story = came_up()
    story.wait(45)
    story.check_liveness(by_peer=False)
    assert codes(story) == {"GSA-IKE-049"}


def test_a_mapping_that_was_lost_already_is_no_forecast() -> None:
    story = came_up(port=REWRITTEN)
    story.wait(45)
    story.move(REWRITTEN + 1)
    story.check_liveness(by_peer=False)
    assert "GSA-IKE-048" not in codes(story)
