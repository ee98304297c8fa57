"""Rules about the first datagram: GSA-IKE-001 to 006 and GSA-NAT-010."""

from gateway.diagnosis import Certainty, Severity, diagnose
from gateway.diagnosis.autopsy import FORCED
from gateway.diagnosis.facts import tunnels_in
from ike.events import DropReason
from tests.gateway.diagnosis.nat_story import autopsy
from tests.gateway.diagnosis.peer_story import PeerStory
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
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-IKE-005", Certainty.LIKELY)
    assert STRANGER in finding.saw
    assert "198.51.100.10" in finding.expected


def test_a_cpe_that_stops_answering_while_a_stranger_calls_has_changed_its_address() -> None:
    story = Story()
    story.come_up()
    story.unanswered(f"{STRANGER}:500")
    assert story.findings() == []
    story.not_answering()
    assert story.finding().code == "GSA-IKE-005"


def test_a_cpe_that_answers_again_has_not_changed_its_address() -> None:
    story = Story()
    story.come_up()
    story.unanswered(f"{STRANGER}:500")
    story.not_answering()
    story.init()
    assert story.findings() == []


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


def test_silence_from_the_start_is_likely_after_ten_seconds() -> None:
    story = Story()
    assert story.findings(after=9.9) == []
    finding = story.finding(after=10)
    assert (finding.code, finding.certainty) == ("GSA-IKE-003", Certainty.LIKELY)
    assert finding.saw == "no datagram from 198.51.100.10 for 10 s, nor from an unknown address"
    assert finding.because == (1,)


def test_esp_of_no_sa_is_told_where_no_ike_came() -> None:
    """A CPE that did not notice that the gateway began anew; or IKE on port 4500 without its four octets."""
    story = PeerStory()
    story.stray_esp("198.51.100.10:4500")
    finding = story.finding(after=10)
    assert (finding.code, finding.title) == ("GSA-IKE-003", "The CPE sends ESP, but no IKE")
    assert finding.saw == (
        "no IKE message from 198.51.100.10 for 10 s, but ESP with an SPI that no SA has: 152ea80f"
    )


def test_esp_of_no_sa_from_elsewhere_says_nothing_about_the_cpe() -> None:
    story = PeerStory()
    story.stray_esp("192.0.2.99:4500")
    assert story.finding(after=10).title == "Nothing arrives from the CPE"


def test_whatever_came_from_the_cpe_is_no_silence() -> None:
    story = Story()
    story.dropped(DropReason.MALFORMED, "198.51.100.10")
    assert story.findings(after=60) == []


def test_the_second_tunnel_of_a_link_is_not_silent_when_the_first_was_heard() -> None:
    story = Story("zone-redundancy.yaml")
    story.come_up()
    assert [f.code for f in story.findings(after=8) if f.severity is Severity.ERROR] == []


def test_a_stranger_is_more_than_silence() -> None:
    story = Story()
    story.unanswered(f"{STRANGER}:500")
    assert story.finding(after=60).code == "GSA-IKE-001"


def test_nothing_is_said_about_silence_when_the_beginning_is_no_longer_in_the_stream() -> None:
    story = Story()
    facts = tunnels_in(story.records())
    story.announce("10.1.0.0/16")
    assert diagnose(story.records()[1:], tunnels=facts, now=story.now + 60) == []


def behind_nat() -> Story:
    """A device link with the private address of a CPE behind a NAT."""
    story = Story()
    ready = story.stream.history[0].data["tunnels"]
    ready[0]["peer"] = "192.168.1.2"
    return story


def test_the_private_address_of_a_device_link_is_recognised_by_the_hash() -> None:
    story = behind_nat()
    story.unanswered(f"{STRANGER}:40231", "192.168.1.2:500")
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-IKE-004", Certainty.PROVEN)
    assert finding.saw == (
        f"the CPE believes it is 192.168.1.2:500; it arrived as {STRANGER}:40231: "
        "address and port were rewritten"
    )
    assert finding.fix.device_link.endswith(f"the device IP address {STRANGER}")
    assert finding.because == (2, 3)


def test_a_port_that_was_kept_is_not_called_rewritten() -> None:
    story = behind_nat()
    story.unanswered(f"{STRANGER}:500", "192.168.1.2:500")
    assert story.finding().saw.endswith(": address was rewritten")


def test_a_hash_of_another_address_leaves_an_unknown_source() -> None:
    story = behind_nat()
    story.unanswered(f"{STRANGER}:500", "192.168.1.3:500")
    story.unanswered(f"{STRANGER}:500")
    assert story.finding().code == "GSA-IKE-001"


def test_who_is_recognised_by_his_hash_is_no_stranger_to_the_other_links() -> None:
    story = behind_nat()
    ready = story.stream.history[0].data["tunnels"]
    ready.append({**ready[0], "name": "branch2/cpe1/0", "peer": "198.51.100.11"})
    story.unanswered(f"{STRANGER}:500", "192.168.1.2:500")
    finding = story.finding()
    assert (finding.code, finding.tunnel) == ("GSA-IKE-004", "branch1/cpe1/0")


def test_a_cpe_that_sends_to_another_endpoint_is_told_its_own() -> None:
    story = Story()
    ready = story.stream.history[0].data["tunnels"]
    ready.append({**ready[0], "name": "b2/cpe/0", "peer": "198.51.100.11", "endpoint": "198.51.100.21"})
    story.unanswered("198.51.100.10:500", endpoint="198.51.100.21")
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-IKE-006", Certainty.PROVEN)
    assert finding.tunnel == "branch1/cpe1/0"
    assert "sends to 198.51.100.21, an endpoint of b2/cpe;" in finding.saw
    assert finding.fix.strongswan == f"remote_addrs = {story.tunnel.advertised_endpoint}"


def test_a_cpe_that_came_to_its_endpoint_after_all_is_no_finding() -> None:
    story = Story()
    story.unanswered("198.51.100.10:500", endpoint="198.51.100.21")
    story.init()
    assert story.findings() == []


def test_a_rewritten_port_500_is_named_with_the_port_that_the_cpe_used() -> None:
    story = Story()
    story.unanswered("198.51.100.10:40500", "198.51.100.10:500", reason=DropReason.PORT_REWRITTEN)
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-NAT-010", Certainty.PROVEN)
    assert finding.saw == (
        "source port 40500; 1 datagram dropped unanswered; the CPE believes it is 198.51.100.10:500; "
        "it arrived as 198.51.100.10:40500: port was rewritten"
    )


def test_a_rewritten_port_is_named_without_a_hash_that_says_more() -> None:
    story = Story()
    story.unanswered("198.51.100.10:40500", reason=DropReason.PORT_REWRITTEN)
    assert story.finding().saw == "source port 40500; 1 datagram dropped unanswered"


def test_a_rewritten_port_is_told_with_what_a_search_found_the_cpe_to_be() -> None:
    story = Story()
    story.unanswered("198.51.100.10:40500", "192.168.1.2:500", reason=DropReason.PORT_REWRITTEN)
    autopsy(story, "192.168.1.2:500")
    assert story.finding().saw.endswith(
        "; the CPE believes it is 192.168.1.2:500; it arrived as 198.51.100.10:40500: "
        "address and port were rewritten"
    )


def test_a_hash_that_fits_no_address_at_all_is_told_as_such() -> None:
    story = Story()
    story.unanswered("198.51.100.10:40500", reason=DropReason.PORT_REWRITTEN)
    autopsy(story)
    assert story.finding().saw.endswith(f"; {FORCED}")


def test_a_rewritten_port_is_history_once_the_cpe_begins_on_port_4500() -> None:
    story = Story()
    story.unanswered("198.51.100.10:40500", reason=DropReason.PORT_REWRITTEN)
    story.come_up()
    assert story.findings() == []
