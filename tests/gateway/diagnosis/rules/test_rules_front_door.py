"""Rules about the first datagram: GSA-IKE-001 and GSA-IKE-002."""

from gateway.diagnosis import Certainty
from ike.events import DropReason
from tests.gateway.diagnosis.story import Story

STRANGER = "192.0.2.7"
OLD = "IKE version 1.0, expected 2.0"


def test_an_unknown_source_is_named_with_the_addresses_that_are_known() -> None:
    story = Story()
    story.dropped(DropReason.UNKNOWN_SOURCE, STRANGER)
    story.dropped(DropReason.UNKNOWN_SOURCE, STRANGER)
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-IKE-001", Certainty.PROVEN)
    assert (
        finding.saw == f"source address {STRANGER}, which no device link has; 2 datagrams dropped unanswered"
    )
    assert finding.expected.endswith(": 198.51.100.10 (branch1/cpe1)")
    assert finding.because == (2, 3)


def test_a_stranger_does_not_matter_once_the_cpe_has_come() -> None:
    story = Story()
    story.init()
    story.dropped(DropReason.UNKNOWN_SOURCE, STRANGER)
    assert story.findings() == []


def test_a_cpe_that_comes_back_from_another_address_is_found() -> None:
    story = Story()
    story.come_up()
    story.dropped(DropReason.UNKNOWN_SOURCE, "192.0.2.8")
    assert story.findings() == []
    story.close_ike()
    story.close_child(1)
    story.dropped(DropReason.UNKNOWN_SOURCE, STRANGER)
    assert STRANGER in story.finding().saw


def test_a_stranger_at_another_endpoint_is_no_cpe_of_this_one() -> None:
    story = Story()
    story.dropped(DropReason.UNKNOWN_SOURCE, STRANGER, endpoint="198.51.100.99")
    assert story.findings() == []


def test_a_stranger_that_may_be_one_of_several_cpes_is_one_finding_of_no_tunnel() -> None:
    story = Story("minimal.yaml")
    ready = story.stream.history[0].data["tunnels"]
    ready.append({**ready[0], "name": "branch2/cpe1/0", "peer": "198.51.100.11"})
    story.dropped(DropReason.UNKNOWN_SOURCE, STRANGER)
    finding = story.finding()
    assert finding.tunnel is None
    assert "198.51.100.10 (branch1/cpe1), 198.51.100.11 (branch2/cpe1)" in finding.expected


def test_ikev1_of_the_cpe_is_found() -> None:
    story = Story()
    story.dropped(DropReason.OLD_VERSION, "198.51.100.10", OLD)
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-IKE-002", Certainty.PROVEN)
    assert (finding.saw, finding.expected) == ("IKE version 1.0", "IKE version 2.0")
    assert finding.fix.strongswan == "version = 2"


def test_ikev1_of_a_stranger_says_that_the_address_is_wrong_as_well() -> None:
    story = Story()
    story.dropped(DropReason.OLD_VERSION, STRANGER, OLD)
    assert story.finding().saw == f"IKE version 1.0; {STRANGER} is in no device link, either"


def test_ikev1_of_one_links_cpe_is_not_anothers() -> None:
    story = Story()
    ready = story.stream.history[0].data["tunnels"]
    ready.append({**ready[0], "name": "branch2/cpe1/0", "peer": "198.51.100.11"})
    story.dropped(DropReason.OLD_VERSION, "198.51.100.10", OLD)
    assert story.finding().tunnel == "branch1/cpe1/0"


def test_an_answered_ikev2_request_makes_ikev1_history() -> None:
    story = Story()
    story.dropped(DropReason.OLD_VERSION, "198.51.100.10", OLD)
    story.init()
    assert story.findings() == []
