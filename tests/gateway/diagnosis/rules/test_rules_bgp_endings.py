"""Rules about sessions that a NOTIFICATION ended: GSA-BGP-017 and 018."""

import pytest

from gateway.diagnosis import Certainty
from tests.gateway.diagnosis.story import Story

PREFIX_LIMIT, SHUTDOWN, REMOVED, RESET, COLLISION = (6, 1), (6, 2), (6, 3), (6, 4), (6, 7)
MALFORMED = (3, 1)
IPV4_LIMIT_OF_5 = bytes.fromhex("00010100000005")


def up(advertised: int = 25) -> Story:
    """A tunnel on which everything works."""
    story = Story()
    story.come_up()
    story.advertise(advertised)
    return story


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (IPV4_LIMIT_OF_5, ", and names its limit, 5; 25 were"),
        (b"", "Reached; 25 were"),
        (b"x" * 7, "Reached;"),
    ],
)
def test_a_prefix_limit_of_the_cpe_is_told_with_what_was_sent_and_the_limit_if_it_is_named(
    data: bytes, words: str
) -> None:
    story = up()
    story.notified(*PREFIX_LIMIT, sent=False, data=data)
    finding = story.finding(after=3)
    assert (finding.code, finding.certainty) == ("GSA-BGP-017", Certainty.PROVEN)
    assert words in finding.saw
    assert "above 25" in finding.fix.cpe


def test_a_prefix_limit_that_ends_each_new_session_is_told_while_it_comes_and_goes() -> None:
    story = up()
    story.notified(*PREFIX_LIMIT, sent=False)
    story.establish_bgp()
    assert story.finding(after=3).code == "GSA-BGP-017"


@pytest.mark.parametrize("ending", [PREFIX_LIMIT, MALFORMED])
def test_a_session_that_lasts_afterwards_is_well(ending: tuple[int, int]) -> None:
    story = up()
    story.notified(*ending, sent=False)
    story.notified(*ending, sent=False)
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    assert story.findings(after=11) == []


@pytest.mark.parametrize("ending", [SHUTDOWN, REMOVED])
def test_a_session_that_the_cpe_ended_for_good_is_told_with_its_own_words(ending: tuple[int, int]) -> None:
    story = up()
    story.notified(*ending, sent=False, detail="planned work")
    finding = story.finding(after=3)
    assert (finding.code, finding.certainty) == ("GSA-BGP-018", Certainty.PROVEN)
    assert finding.saw.endswith(": planned work")


def test_a_cpe_that_ends_bgp_before_its_tunnel_is_no_finding() -> None:
    story = up()
    story.notified(*SHUTDOWN, sent=False)
    assert story.findings(after=1) == []
    story.close_child(story.child)
    assert story.findings(after=60) == []


def test_what_a_cpe_shut_down_and_began_again_is_no_finding() -> None:
    story = up()
    story.notified(*SHUTDOWN, sent=False)
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    assert story.findings(after=3) == []


@pytest.mark.parametrize("ending", [RESET, COLLISION, MALFORMED])
def test_what_passes_by_itself_is_told_when_no_session_follows(ending: tuple[int, int]) -> None:
    story = up()
    story.notified(*ending, sent=False)
    assert story.findings(after=9) == []
    assert story.finding(after=11).code == "GSA-BGP-018"


def test_an_update_that_one_end_cannot_read_is_told_when_it_comes_again() -> None:
    story = up()
    story.notified(*MALFORMED, sent=True)
    story.establish_bgp()
    assert story.findings() == []
    story.notified(*MALFORMED, sent=True)
    story.establish_bgp()
    finding = story.finding(after=3)
    assert finding.code == "GSA-BGP-018"
    assert finding.saw == (
        "the gateway ended the session 2 times with UPDATE Message Error / Malformed Attribute List"
    )


@pytest.mark.parametrize("ending", [RESET, SHUTDOWN, REMOVED])
def test_what_the_gateway_ends_by_a_cease_is_no_finding(ending: tuple[int, int]) -> None:
    story = up()
    story.notified(*ending, sent=True)
    assert story.findings(after=9) == []
