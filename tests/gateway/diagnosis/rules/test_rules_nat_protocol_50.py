"""No ESP ever came where it is to come without UDP: GSA-NAT-019."""

import pytest

from gateway.diagnosis import Certainty
from tests.gateway.diagnosis.nat_story import esp_dropped, esp_probed, esp_seen, liveness, no_esp_seen
from tests.gateway.diagnosis.story import Story

LATER = 60.0
"""Seconds after which every rule that waits has waited long enough."""


def without_esp(*, answered: bool = False, alive: bool = True, in_udp: bool = False) -> Story:
    """A tunnel that is up, and the gateway has asked for a first ESP packet."""
    story = Story()
    story.in_udp = in_udp
    story.connect()
    no_esp_seen(story)
    if alive:
        liveness(story)
    esp_probed(story, answered=answered)
    return story


def codes(story: Story) -> list[str]:
    """What is found when all have waited."""
    return [finding.code for finding in story.findings(after=LATER)]


def test_a_tunnel_without_one_esp_packet_whose_cpe_answers_in_ike_is_likely_filtered() -> None:
    finding = without_esp().finding(after=LATER)
    assert (finding.code, finding.certainty) == ("GSA-NAT-019", Certainty.LIKELY)
    assert finding.saw == (
        "not one ESP packet from 198.51.100.10, nor an answer to 3 pings through the tunnel to 10.1.0.4; "
        "a liveness check in IKE was answered meanwhile"
    )
    assert "as IP protocol 50: no NAT was detected" in finding.expected
    assert "permit IP protocol 50 in both directions" in finding.fix.cpe
    assert "the route to 10.2.0.4/32 into the tunnel is missing" in finding.fix.cpe
    assert finding.fix.strongswan == "encap = yes"


def test_it_rests_on_the_child_sa_the_silence_and_both_questions() -> None:
    story = without_esp()
    names = {record["id"]: record["name"] for record in story.records()}
    assert [names[number] for number in story.finding().because] == [
        "child_sa_established",
        "no_esp_seen",
        "liveness_checked",
        "esp_probed",
    ]


def test_it_is_said_as_soon_as_the_pings_are_unanswered() -> None:
    assert without_esp().finding().code == "GSA-NAT-019"


def test_a_cpe_that_answers_pings_has_a_problem_with_bgp_alone() -> None:
    assert codes(without_esp(answered=True)) == ["GSA-BGP-001"]


def test_a_cpe_that_does_not_answer_in_ike_either_is_not_filtered() -> None:
    assert codes(without_esp(alive=False)) == ["GSA-BGP-001"]


def test_esp_in_udp_is_another_matter() -> None:
    assert codes(without_esp(in_udp=True)) == ["GSA-BGP-001"]


def test_before_the_outcome_of_the_pings_nothing_is_said() -> None:
    story = Story()
    story.in_udp = False
    story.connect()
    no_esp_seen(story)
    liveness(story)
    assert story.findings() == []


def test_an_idle_tunnel_that_nobody_asked_about_is_no_finding() -> None:
    story = Story()
    story.in_udp = False
    story.connect()
    assert story.findings() == []


def test_the_first_esp_packet_ends_the_finding() -> None:
    story = without_esp()
    esp_seen(story)
    assert codes(story) == ["GSA-BGP-001"]


def test_a_tcp_syn_out_of_the_tunnel_came_by_esp() -> None:
    story = without_esp()
    story.syn()
    assert "GSA-NAT-019" not in codes(story)


@pytest.mark.parametrize(
    "of", [{"tunnel": "branch1/cpe1/0"}, {"source": "198.51.100.10:0"}], ids=["of the tunnel", "of no SA"]
)
def test_esp_that_is_dropped_by_the_gateway_has_passed_every_firewall(of: dict[str, str]) -> None:
    story = without_esp()
    esp_dropped(story, **of)
    assert codes(story) == ["GSA-BGP-001"]


@pytest.mark.parametrize(
    "of",
    [{"source": "203.0.113.99:0"}, {"tunnel": "branch1/cpe1/0", "direction": "out"}],
    ids=["of somebody else", "of the gateway"],
)
def test_packets_that_are_not_the_cpes_say_nothing_about_it(of: dict[str, str]) -> None:
    story = without_esp()
    esp_dropped(story, **of)
    assert codes(story) == ["GSA-NAT-019"]


def test_a_tunnel_that_works_is_no_finding() -> None:
    story = without_esp()
    esp_seen(story)
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    assert story.findings() == []


def test_a_tunnel_that_is_down_is_another_matter() -> None:
    story = without_esp()
    story.close_child(story.child)
    story.close_ike()
    assert "GSA-NAT-019" not in codes(story)


def test_our_own_question_is_no_sign_of_an_idle_cpe() -> None:
    story = without_esp()
    esp_seen(story)
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    story.wait(300)
    assert story.findings() == []
