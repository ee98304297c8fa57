"""Rules about who is at the other end: GSA-IKE-042 and GSA-IKE-044."""

from gateway.diagnosis import Certainty
from tests.gateway.diagnosis.later_story import LaterStory

GONE, TWO = "GSA-IKE-042", "GSA-IKE-044"


# Gone


def test_a_cpe_that_answers_no_liveness_check_is_likely_gone() -> None:
    story = LaterStory()
    story.come_up()
    story.ask_in_vain(6)
    finding = story.finding(after=10)
    assert (finding.code, finding.certainty) == (GONE, Certainty.LIKELY)
    assert finding.saw == (
        "no answer to a request that was sent 6 times, nor any other sign of life for 30 s"
    )
    assert finding.where == "INFORMATIONAL request to 198.51.100.10:500 (record 17)"


def test_a_cpe_that_comes_back_is_not_gone() -> None:
    story = LaterStory()
    story.come_up()
    story.ask_in_vain(6)
    story.close_bgp()
    story.come_up()
    assert story.findings() == []


def test_a_request_that_is_still_repeated_says_nothing_yet() -> None:
    story = LaterStory()
    story.come_up()
    story.ask_in_vain(3)
    del story.stream.history[-1]
    assert story.findings() == []


def test_a_deleted_tunnel_is_not_gone() -> None:
    story = LaterStory()
    story.come_up()
    story.close_child(1)
    story.close_ike()
    assert GONE not in [finding.code for finding in story.findings(after=60)]


# Two


def both_up(*identities: str) -> LaterStory:
    """Two CPEs behind one NAT, both with a tunnel."""
    story = LaterStory()
    for port, identity in enumerate(identities, 40001):
        story.source = f"198.51.100.10:{port}"
        story.init()
        story.auth(identity=identity)
        story.create_child()
    return story


def test_two_identities_that_both_talk_are_two_cpes() -> None:
    story = LaterStory()
    story.source = "198.51.100.10:40001"
    story.init()
    story.auth(identity="one.example.com")
    story.create_child()
    first = story.spi
    story.source = "198.51.100.10:40002"
    story.init()
    story.auth(identity="two.example.com")
    story.create_child()
    assert story.findings() == []
    story.spi = first
    story.informational()
    finding = story.finding()
    assert (finding.code, finding.certainty) == (TWO, Certainty.PROVEN)
    assert finding.saw == (
        "two live IKE SAs with the identities one.example.com (198.51.100.10:40001) and "
        "two.example.com (198.51.100.10:40002)"
    )


def test_one_cpe_with_a_new_identity_is_not_two() -> None:
    assert both_up("old.example.com", "new.example.com").findings() == []


def test_one_identity_twice_is_a_cpe_that_makes_before_it_breaks() -> None:
    assert both_up("cpe.example.com", "cpe.example.com").findings() == []


def taking_turns(*ports: int) -> LaterStory:
    """CPEs of one identity, each of which ends the IKE SA of the one before."""
    story = LaterStory()
    for port in ports:
        old, child = story.spi, story.child
        story.source = f"198.51.100.10:{port}"
        story.init()
        new = story.spi
        story.auth()
        if old:
            story.spi = old
            story.close_child(child)
            story.close_ike("the peer started afresh (INITIAL_CONTACT)")
            story.spi = new
        story.create_child()
    return story


def test_two_ports_in_turns_that_end_each_other_are_likely_two_cpes() -> None:
    finding = taking_turns(40001, 40002, 40001).finding()
    assert (finding.code, finding.certainty) == (TWO, Certainty.LIKELY)
    assert finding.saw.startswith("IKE SAs from 198.51.100.10:40001 and 198.51.100.10:40002 in turns")


def test_a_cpe_that_starts_again_and_again_is_one() -> None:
    assert taking_turns(40001, 40002, 40003).findings() == []
    assert taking_turns(500, 500, 500).findings() == []
