"""Rules about prefixes that a CPE should not announce: GSA-BGP-020 to 023."""

import pytest

from gateway.daemon.import_policy import Refusal
from gateway.diagnosis import Certainty, Severity
from tests.gateway.diagnosis.peer_story import PeerStory
from tests.gateway.diagnosis.story import Story

REFUSED = {"default_route": ("GSA-BGP-020", "0.0.0.0/0"), "advertised": ("GSA-BGP-021", "52.96.0.0/14")}


def announcing(*prefixes: str, **facts: str) -> Story:
    """A tunnel that is up, whose CPE announces more than its LAN."""
    story = Story(facts=facts)
    story.come_up()
    story.announce(*prefixes)
    return story


@pytest.mark.parametrize("reason", REFUSED)
def test_a_refused_prefix_is_a_proven_warning(reason: str) -> None:
    code, prefix = REFUSED[reason]
    story = announcing(prefix)
    story.refuse(reason, prefix)
    finding = story.finding()
    assert (finding.code, finding.severity) == (code, Severity.WARNING)
    assert finding.certainty is Certainty.PROVEN
    assert prefix in finding.saw


@pytest.mark.parametrize("reason", REFUSED)
def test_a_refused_prefix_that_was_withdrawn_is_no_finding(reason: str) -> None:
    _, prefix = REFUSED[reason]
    story = announcing(prefix)
    story.refuse(reason, prefix)
    story.withdraw(prefix)
    assert story.findings() == []


def test_many_refused_prefixes_are_named_in_order_and_counted() -> None:
    prefixes = ("52.99.0.0/16", "52.96.0.0/16", "52.98.0.0/16", "52.97.0.0/16")
    story = announcing(*prefixes)
    story.refuse("advertised", *prefixes)
    assert "52.96.0.0/16, 52.97.0.0/16, 52.98.0.0/16 and 1 more" in story.finding().saw


def test_a_prefix_around_the_endpoint_is_a_proven_warning() -> None:
    finding = announcing("198.51.100.0/24", advertised_endpoint="198.51.100.20").finding()
    assert (finding.code, finding.severity) == ("GSA-BGP-022", Severity.WARNING)
    assert "198.51.100.0/24" in finding.saw


def test_a_lan_beside_the_endpoint_is_no_finding() -> None:
    assert announcing("198.51.101.0/24", advertised_endpoint="198.51.100.20").findings() == []


def test_a_lab_whose_endpoint_has_a_private_address_gets_no_warning() -> None:
    assert announcing("192.168.0.0/16", advertised_endpoint="192.168.178.20").findings() == []


def test_too_many_prefixes_are_proven() -> None:
    story = PeerStory()
    story.come_up()
    story.exceed_prefix_limit(4001)
    story.withdraw("10.1.0.0/16")
    finding = story.finding(after=60)
    assert (finding.code, finding.certainty) == ("GSA-BGP-023", Certainty.PROVEN)
    assert (finding.saw, finding.expected) == (
        "4001 prefixes or more from the CPE; the session was ended",
        "at most 4000 prefixes",
    )


def test_a_session_with_fewer_prefixes_ends_the_finding() -> None:
    story = PeerStory()
    story.come_up()
    story.exceed_prefix_limit(4001)
    story.withdraw("10.1.0.0/16")
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    assert story.findings(after=60) == []


SERVICE_PREFIXES = ("13.107.6.152/31", "52.96.0.0/14")


def test_a_cpe_that_gives_back_what_it_learned_from_the_gateway_is_healthy() -> None:
    """FRR does, and RFC 4271 section 9.1.2 makes the gateway leave it out."""
    story = Story()
    story.come_up()
    story.announce(*SERVICE_PREFIXES)
    story.refuse(Refusal.OWN_AS.value, *SERVICE_PREFIXES)
    assert story.findings(after=60) == []


def test_what_comes_back_to_the_gateway_is_no_prefix_of_the_branch() -> None:
    story = Story()
    story.connect()
    story.establish_bgp()
    story.announce(*SERVICE_PREFIXES)
    story.refuse(Refusal.OWN_AS.value, *SERVICE_PREFIXES)
    finding = story.finding(after=12)
    assert finding.code == "GSA-BGP-010"
    assert finding.saw == (
        "only what the gateway told it comes back from the CPE, no prefix of its own, 12 s after Established"
    )


def test_a_prefix_that_came_back_and_is_now_the_cpes_own_counts() -> None:
    story = Story()
    story.connect()
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    story.refuse(Refusal.OWN_AS.value, "10.1.0.0/16")
    story.announce("10.1.0.0/16")
    assert story.findings(after=60) == []


def test_a_session_without_a_common_address_family_is_told_at_once() -> None:
    """GoBGP and OpenBGPD keep such a session."""
    story = Story()
    story.connect()
    story.establish_bgp(families=())
    assert story.finding().code == "GSA-BGP-019"
    assert story.finding(after=60).certainty is Certainty.PROVEN
