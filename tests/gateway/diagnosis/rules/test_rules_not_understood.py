"""Rule about messages that cannot be read, or are refused for no other code's reason: GSA-IKE-026."""

import pytest

from gateway.diagnosis import Certainty
from ike.events import DropReason
from tests.gateway.diagnosis.peer_story import PeerStory

CPE = "198.51.100.10"
NO_KE = "the Ke payload is missing"


def test_a_malformed_message_that_comes_again_is_told_with_what_is_wrong() -> None:
    story = PeerStory()
    for _ in range(2):
        story.dropped(DropReason.MALFORMED, CPE, NO_KE)
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-IKE-026", Certainty.PROVEN)
    assert finding.saw == "dropped as malformed: the Ke payload is missing (2 times)"


@pytest.mark.parametrize(
    "notify", ["INVALID_SYNTAX", "INVALID_MAJOR_VERSION", "UNSUPPORTED_CRITICAL_PAYLOAD"]
)
def test_a_request_that_is_refused_as_a_whole_is_told_with_the_reason(notify: str) -> None:
    story = PeerStory()
    for _ in range(2):
        story.refused_request("IKE_SA_INIT", notify, "payload type 255 is unknown and marked critical")
    finding = story.finding()
    assert finding.code == "GSA-IKE-026"
    assert finding.saw.startswith(f"{notify}: payload type 255")


def test_one_refused_ike_auth_is_enough_because_the_cpes_keys_protect_it() -> None:
    """OpenIKED 7.2 was seen to send an SA payload without a proposal."""
    story = PeerStory()
    story.init()
    story.refused_request(
        "IKE_AUTH", "INVALID_SYNTAX", "SA payload, octet 72: proposal header needs 8 octets"
    )
    finding = story.finding()
    assert (finding.code, finding.title) == ("GSA-IKE-026", "IKE_AUTH request that the gateway refuses")


def test_one_such_message_may_be_anybodys() -> None:
    story = PeerStory()
    story.dropped(DropReason.MALFORMED, CPE, NO_KE)
    assert story.findings(after=60) == []


def test_noise_beside_a_tunnel_that_works_is_no_finding() -> None:
    story = PeerStory()
    story.come_up()
    for _ in range(5):
        story.dropped(DropReason.MALFORMED, CPE, NO_KE)
    assert story.findings(after=60) == []


def test_malformed_messages_before_a_tunnel_that_works_are_history() -> None:
    story = PeerStory()
    for _ in range(2):
        story.dropped(DropReason.MALFORMED, CPE, NO_KE)
    story.come_up()
    assert story.findings(after=60) == []


def test_malformed_messages_of_another_source_say_nothing_about_the_cpe() -> None:
    story = PeerStory()
    for _ in range(2):
        story.dropped(DropReason.MALFORMED, "192.0.2.99", NO_KE)
    assert "GSA-IKE-026" not in {finding.code for finding in story.findings(after=60)}
