"""Rules about BGP segments and sessions that are lost or refused: GSA-BGP-011 to 014, 016 and 030."""

import pytest

from bgp.notification import notification_name
from gateway.diagnosis import Certainty, Severity
from tests.gateway.diagnosis.story import Story


def connected() -> Story:
    """A tunnel without BGP."""
    story = Story()
    story.connect()
    return story


def test_a_ttl_of_one_is_a_warning_beside_a_session_that_works() -> None:
    story = connected()
    story.syn(ttl=1)
    story.syn_answered()
    story.opened(65001)
    finding = story.finding()
    assert (finding.code, finding.severity) == ("GSA-BGP-011", Severity.WARNING)
    assert finding.certainty is Certainty.PROVEN


@pytest.mark.parametrize("ttl", [2, 64, 255])
def test_any_other_ttl_is_no_finding(ttl: int) -> None:
    story = connected()
    story.syn(ttl=ttl)
    assert story.findings() == []


def test_multihop_that_was_allowed_ends_the_warning() -> None:
    story = connected()
    story.syn(ttl=1)
    story.syn(ttl=64)
    assert story.findings() == []


def test_an_expired_hold_timer_is_proven() -> None:
    story = Story()
    story.come_up()
    story.wait(90)
    story.notified(4, 0, sent=True)
    story.withdraw("10.1.0.0/16")
    finding = story.finding(after=60)
    assert (finding.code, finding.certainty) == ("GSA-BGP-012", Certainty.PROVEN)
    assert "nothing came from the CPE within the hold time of 30 s" in finding.saw


def test_a_hold_timer_of_the_cpe_says_who_heard_nothing() -> None:
    story = Story()
    story.come_up()
    story.notified(4, 0, sent=False)
    assert "the CPE says that nothing came from the gateway" in story.finding().saw


def test_a_session_that_is_back_ends_the_finding() -> None:
    story = Story()
    story.come_up()
    story.notified(4, 0, sent=True)
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    assert story.findings(after=60) == []


def test_a_session_that_is_shut_down_is_no_expired_timer() -> None:
    story = Story()
    story.come_up()
    story.notified(6, 2, sent=False)
    assert "GSA-BGP-012" not in {finding.code for finding in story.findings(after=60)}


def test_syns_answered_in_vain_are_likely_a_firewall_after_five_seconds() -> None:
    story = connected()
    for _ in range(2):
        story.syn()
        story.syn_answered()
        story.wait(2)
    assert story.findings(after=0.9) == []
    finding = story.finding(after=1)
    assert (finding.code, finding.certainty) == ("GSA-BGP-013", Certainty.LIKELY)
    assert "2 SYNs" in finding.saw


def test_syns_with_ttl_255_that_are_answered_in_vain_may_be_ttl_security() -> None:
    """FRR and OpenBGPD drop the SYN-ACK, whose TTL is 64."""
    story = connected()
    for _ in range(2):
        story.syn(ttl=255)
        story.syn_answered()
        story.wait(2)
    finding = story.finding(after=2)
    assert finding.code == "GSA-BGP-013"
    assert "TTL 255" in finding.saw
    assert "switch TTL security off" in finding.fix.cpe


def test_a_single_attempt_is_not_enough() -> None:
    story = connected()
    story.syn()
    story.syn_answered()
    assert story.findings(after=3600) == []


def test_a_connection_that_opens_in_the_end_is_no_firewall() -> None:
    story = connected()
    for _ in range(3):
        story.syn()
        story.syn_answered()
    story.opened(65001)
    assert story.findings(after=9) == []
    assert [finding.code for finding in story.findings(after=3600)] == ["GSA-BGP-016"]


def test_syns_without_an_answer_of_ours_are_no_firewall() -> None:
    story = connected()
    for _ in range(5):
        story.syn()
    assert story.findings(after=3600) == []


def flapping(**facts: bool) -> Story:
    """A tunnel whose session is lost seven seconds after it has brought routes."""
    story = Story(facts=facts)
    story.come_up()
    story.advertise(118)
    story.wait(7)
    story.notified(4, 0, sent=True)
    story.withdraw("10.1.0.0/16")
    return story


def test_a_session_lost_after_routes_to_the_endpoint_is_likely_recursive() -> None:
    finding = flapping(advertises_endpoint=True).finding()
    assert (finding.code, finding.certainty) == ("GSA-BGP-030", Certainty.LIKELY)
    assert "was lost 7 s after Established; this happened 1 time" in finding.saw


def test_the_finding_stays_while_the_session_comes_and_goes() -> None:
    story = flapping(advertises_endpoint=True)
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    assert story.finding(after=60).code == "GSA-BGP-030"


def test_a_session_that_lasts_ends_the_finding() -> None:
    story = flapping(advertises_endpoint=True)
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    assert story.findings(after=61) == []


def test_a_session_lost_without_routes_to_the_endpoint_is_an_expired_timer() -> None:
    assert flapping(advertises_endpoint=False).finding().code == "GSA-BGP-012"


def test_a_session_that_the_cpe_shuts_down_is_not_recursive() -> None:
    story = Story(facts={"advertises_endpoint": True})
    story.come_up()
    story.advertise(118)
    story.notified(6, 2, sent=False)
    assert story.findings() == []


def test_a_session_lost_after_a_long_time_is_not_recursive() -> None:
    story = Story(facts={"advertises_endpoint": True})
    story.come_up()
    story.advertise(118)
    story.wait(601)
    story.notified(4, 0, sent=True)
    assert story.finding().code == "GSA-BGP-012"


UNSUPPORTED, BAD_PEER_AS, HOLD_TIMER, SHUTDOWN, COLLISION = (2, 7), (2, 2), (4, 0), (6, 2), (6, 7)


@pytest.mark.parametrize("reason", [(2, 3), (2, 6), UNSUPPORTED, SHUTDOWN])
def test_a_notification_that_refuses_the_session_is_named(reason: tuple[int, int]) -> None:
    story = Story()
    story.connect()
    story.syn()
    story.notified(*reason, sent=False)
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-BGP-014", Certainty.PROVEN)
    assert finding.title == f"BGP refused: {notification_name(*reason).rpartition(' / ')[2]}"
    assert "from the CPE" in finding.saw


@pytest.mark.parametrize("reason", [BAD_PEER_AS, HOLD_TIMER, COLLISION])
def test_a_notification_with_another_code_or_that_passes_is_no_refusal(reason: tuple[int, int]) -> None:
    story = Story()
    story.connect()
    story.syn()
    story.notified(*reason, sent=False)
    assert "GSA-BGP-014" not in {finding.code for finding in story.findings()}


def test_a_session_that_worked_and_was_shut_down_is_no_refusal() -> None:
    story = Story()
    story.come_up()
    story.notified(*SHUTDOWN, sent=False)
    assert "GSA-BGP-014" not in {finding.code for finding in story.findings(after=60)}


def test_a_session_that_comes_up_after_a_refusal_makes_it_history() -> None:
    story = Story()
    story.connect()
    story.syn()
    story.notified(*UNSUPPORTED, sent=False)
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    assert story.findings() == []


def test_tcp_that_connects_without_bgp_is_likely_after_ten_seconds() -> None:
    story = connected()
    story.syn(ttl=255)
    story.opened(65001)
    assert story.findings(after=9.9) == []
    finding = story.finding(after=10)
    assert (finding.code, finding.certainty) == ("GSA-BGP-016", Certainty.LIKELY)
    assert "TTL 255" in finding.saw
    assert "TTL security" in finding.fix.cpe


def test_with_an_ordinary_ttl_nothing_is_said_of_ttl_security() -> None:
    story = connected()
    story.syn()
    story.opened(65001)
    finding = story.finding(after=10)
    assert "TTL" not in finding.saw + finding.fix.cpe


def test_an_attempt_that_ends_is_no_silence() -> None:
    story = connected()
    story.syn()
    story.opened(65001)
    story.close_bgp(was_established=False)
    assert story.findings(after=3600) == []
