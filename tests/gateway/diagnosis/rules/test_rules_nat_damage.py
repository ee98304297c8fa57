"""Rules about what a NAT or a firewall breaks: GSA-NAT-015 and following."""

from gateway.diagnosis import Certainty
from tests.gateway.diagnosis.later_story import LaterStory
from tests.gateway.diagnosis.nat_story import autopsy, esp_probed, liveness, wrong_checksum
from tests.gateway.diagnosis.story import Story


def test_a_wrong_checksum_is_proven_with_both_checksums() -> None:
    story = Story()
    wrong_checksum(story)
    wrong_checksum(story)
    finding = story.finding(after=20)
    assert (finding.code, finding.certainty) == ("GSA-NAT-015", Certainty.PROVEN)
    assert finding.saw.startswith("UDP checksum 1234, which is wrong; 2 datagrams dropped")
    assert finding.expected.startswith("checksum abcd")
    assert finding.because == (2, 3)


def test_a_wrong_checksum_of_a_stranger_is_nobodys() -> None:
    story = Story()
    wrong_checksum(story, "192.0.2.7:500")
    assert story.findings(after=5) == []


def test_a_wrong_checksum_does_not_matter_to_a_cpe_that_came_through() -> None:
    story = Story()
    wrong_checksum(story)
    story.come_up()
    wrong_checksum(story)
    assert story.findings() == []


# One CPE only


def two_links(*, same_address: bool = True) -> Story:
    """A second device link, whose CPE has the public address of the first one's."""
    story = Story()
    ready = story.stream.history[0].data["tunnels"]
    peer = story.facts.peer if same_address else "198.51.100.11"
    ready.append({**ready[0], "name": "branch2/cpe2/0", "peer": peer, "endpoint": "198.51.100.21"})
    return story


def test_a_silent_cpe_behind_the_address_of_one_that_works_is_possibly_shut_out() -> None:
    story = two_links()
    story.come_up()
    assert story.findings(after=9.9) == []
    finding = story.finding(after=10)
    assert (finding.code, finding.certainty) == ("GSA-NAT-017", Certainty.POSSIBLE)
    assert finding.tunnel == "branch2/cpe2/0"
    assert "the CPE of branch1/cpe1, behind the same public address 198.51.100.10" in finding.saw


def test_a_silent_cpe_with_an_address_of_its_own_is_just_silent() -> None:
    story = two_links(same_address=False)
    story.come_up()
    assert story.finding(after=10).code == "GSA-IKE-003"


def test_a_router_that_rewrites_ports_has_room_for_two_cpes() -> None:
    story = two_links()
    story.source = "198.51.100.10:40000"
    story.come_up()
    assert [f.code for f in story.findings(after=10)] == ["GSA-IKE-003"]


def test_while_the_other_cpe_is_silent_too_nothing_is_compared() -> None:
    assert {f.code for f in two_links().findings(after=10)} == {"GSA-IKE-003"}


# Two NATs


def behind_two(link: str = "100.64.0.2") -> Story:
    """A device link with the WAN address of the CPE's router."""
    story = Story()
    story.stream.history[0].data["tunnels"][0]["peer"] = link
    return story


def test_three_addresses_are_likely_two_nats() -> None:
    story = behind_two()
    story.unanswered("203.0.113.10:500", "192.168.1.2:500")
    assert story.finding().code == "GSA-IKE-001"
    autopsy(story, "192.168.1.2:500")
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-NAT-018", Certainty.LIKELY)
    assert finding.saw == (
        "the CPE believes it is 192.168.1.2:500; it arrived as 203.0.113.10:500: address was rewritten; "
        'device link "cpe1" has a third one, 100.64.0.2'
    )
    assert finding.fix.device_link.endswith("the device IP address 203.0.113.10")


def test_the_cpes_own_address_in_the_device_link_is_one_nat() -> None:
    story = behind_two("192.168.1.2")
    story.unanswered("203.0.113.10:500", "192.168.1.2:500")
    autopsy(story, "192.168.1.2:500")
    assert story.finding().code == "GSA-IKE-004"


def test_a_public_address_in_the_device_link_is_just_another_one() -> None:
    story = behind_two("198.51.100.99")
    story.unanswered("203.0.113.10:500", "192.168.1.2:500")
    autopsy(story, "192.168.1.2:500")
    assert story.finding().code == "GSA-IKE-001"


def test_without_knowing_what_the_cpe_believes_nothing_is_said_about_two_nats() -> None:
    story = behind_two()
    story.unanswered("203.0.113.10:500")
    autopsy(story)
    assert story.finding().code == "GSA-IKE-001"


# ESP


def fell_silent(*, answered: bool = False, alive: bool = True) -> LaterStory:
    """BGP ended by its hold timer; the gateway asked in IKE and in ESP."""
    story = LaterStory()
    story.come_up()
    story.wait(30)
    story.notified(4, 0, sent=True)
    if alive:
        liveness(story)
    esp_probed(story, answered=answered)
    return story


def test_a_tunnel_whose_esp_stopped_while_ike_answers_is_likely_filtered() -> None:
    finding = fell_silent().finding()
    assert (finding.code, finding.certainty) == ("GSA-NAT-016", Certainty.LIKELY)
    assert "nor an answer to 3 pings to 10.1.0.4" in finding.saw
    assert finding.expected == "ESP on UDP 4500, without the non-ESP marker, as it came before"


def test_a_cpe_that_answers_pings_has_a_problem_with_bgp_alone() -> None:
    assert fell_silent(answered=True).finding().code == "GSA-BGP-012"


def test_a_cpe_that_does_not_answer_in_ike_either_is_not_filtered() -> None:
    assert fell_silent(alive=False).finding().code == "GSA-BGP-012"


def test_before_the_answer_of_the_probe_only_the_hold_timer_is_known() -> None:
    story = LaterStory()
    story.come_up()
    story.notified(4, 0, sent=True)
    assert story.finding().code == "GSA-BGP-012"


def test_esp_that_comes_again_ends_the_finding() -> None:
    story = fell_silent()
    story.syn()
    assert "GSA-NAT-016" not in [finding.code for finding in story.findings()]


def test_a_tunnel_that_works_again_is_no_finding() -> None:
    story = fell_silent()
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    assert story.findings() == []
