"""Rules about prefixes that a CPE should not announce: GSA-BGP-020 to 023."""

import pytest

from gateway.diagnosis import Certainty, Severity
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
    story = Story()
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
    story = Story()
    story.come_up()
    story.exceed_prefix_limit(4001)
    story.withdraw("10.1.0.0/16")
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    assert story.findings(after=60) == []
