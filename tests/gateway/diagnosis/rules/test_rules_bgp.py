"""Rules about how BGP comes up: GSA-BGP-001 to 010."""

import pytest

from gateway.diagnosis import Certainty
from tests.gateway.diagnosis.story import Story

GATEWAY, CPE = "10.2.0.4", "10.1.0.4"


def connected() -> Story:
    """A tunnel without BGP."""
    story = Story()
    story.connect()
    return story


def test_a_tunnel_without_a_syn_is_likely_a_missing_route_after_fifteen_seconds() -> None:
    story = connected()
    assert story.findings(after=14.9) == []
    finding = story.finding(after=15)
    assert (finding.code, finding.certainty) == ("GSA-BGP-001", Certainty.LIKELY)
    assert (finding.saw, finding.expected) == (
        "no TCP SYN to port 179 in 15 s",
        f"a TCP SYN from {CPE} to {GATEWAY}:179",
    )
    assert f"route {GATEWAY}/32 into the tunnel" in finding.fix.cpe


def test_the_seconds_begin_with_the_tunnel_and_not_with_its_rekey() -> None:
    story = connected()
    story.wait(14)
    story.create_child(replaces=1)
    story.close_child(1)
    assert story.finding(after=1).saw == "no TCP SYN to port 179 in 15 s"


def test_a_tunnel_whose_beginning_is_no_longer_in_the_stream_gives_no_alarm() -> None:
    story = Story()
    story.create_child(replaces=77)
    assert story.findings(after=3600) == []


def test_a_tunnel_that_is_down_gives_no_finding_about_bgp() -> None:
    story = connected()
    story.syn(source="10.1.0.1")
    story.notified(2, 2, sent=True)
    story.close_ike()
    story.close_child(1)
    assert story.findings(after=3600) == []


def test_a_syn_ends_the_silence() -> None:
    story = connected()
    story.wait(20)
    story.syn()
    assert story.findings(after=3600) == []


def test_a_wrong_as_number_of_the_cpe_is_proven() -> None:
    story = connected()
    story.syn()
    story.notified(2, 2, sent=True, detail="65002 instead of 65001")
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-BGP-002", Certainty.PROVEN)
    assert finding.saw == "another AS number in the CPE's OPEN: 65002 instead of 65001"
    assert finding.expected == 'AS 65001, the device ASN of device link "cpe1"'


def test_the_number_in_the_open_message_is_named() -> None:
    story = connected()
    story.syn()
    story.opened(65002)
    story.notified(2, 2, sent=True)
    finding = story.finding()
    assert (finding.code, finding.saw) == ("GSA-BGP-002", "AS 65002 in the CPE's OPEN")


def test_the_gateways_own_number_is_another_mistake() -> None:
    story = connected()
    story.syn()
    story.opened(65476)
    story.notified(2, 2, sent=True)
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-BGP-007", Certainty.PROVEN)
    assert finding.saw == "AS 65476 in the CPE's OPEN: both ends have the same number"


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (65520, "reserved by Azure"),
        (64496, "reserved by IANA for documentation"),
        (65535, "reserved by IANA"),
        (131072, "not a 2-byte number"),
    ],
)
def test_a_number_that_no_device_link_can_have_is_another_mistake(number: int, reason: str) -> None:
    story = connected()
    story.syn()
    story.opened(number)
    story.notified(2, 2, sent=True)
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-BGP-008", Certainty.PROVEN)
    assert finding.saw == f"AS {number} in the CPE's OPEN: {reason}, so no device link can have it"


def test_the_right_number_refused_by_the_cpe_is_a_mismatch() -> None:
    story = connected()
    story.syn()
    story.opened(65001)
    story.notified(2, 2, sent=False)
    assert story.finding().code == "GSA-BGP-002"


def test_a_cpe_that_refuses_ours_expects_another_number() -> None:
    story = connected()
    story.syn()
    story.notified(2, 2, sent=False)
    assert story.finding().expected == "the CPE to take AS 65476 for its neighbour"


def test_another_notification_is_no_as_number() -> None:
    story = connected()
    story.syn()
    story.notified(6, 4, sent=False)
    assert "GSA-BGP-002" not in {finding.code for finding in story.findings(after=3600)}


def test_a_syn_from_the_wrong_source_is_proven() -> None:
    story = connected()
    story.syn(source="10.1.0.1")
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-BGP-003", Certainty.PROVEN)
    assert finding.title == "BGP with the wrong source address"
    assert finding.saw == f"10.1.0.1 to {GATEWAY}:179; wrong: source 10.1.0.1"
    assert finding.expected == f'{CPE} to {GATEWAY}:179, as device link "cpe1" has it'


def test_a_syn_to_the_wrong_destination_is_proven() -> None:
    story = connected()
    story.syn(destination="10.2.0.9")
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-BGP-005", Certainty.PROVEN)
    assert finding.saw == f"{CPE} to 10.2.0.9:179"


def test_the_address_of_the_other_tunnel_is_named() -> None:
    story = Story("zone-redundancy.yaml")
    story.connect()
    story.syn(destination=str(story.tunnels[1].local_bgp))
    assert story.finding().saw.endswith(f"the gateway's address of {story.tunnels[1].name}")


def test_two_wrong_addresses_are_found_by_the_source() -> None:
    story = connected()
    story.syn(source="10.1.0.1", destination="10.2.0.9")
    finding = story.finding()
    assert (finding.code, finding.title) == (
        "GSA-BGP-003",
        "BGP with the wrong source and destination address",
    )


def test_reversed_addresses_are_another_mistake() -> None:
    story = connected()
    story.syn(source=GATEWAY, destination=CPE)
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-BGP-004", Certainty.PROVEN)
    assert finding.saw == f"{GATEWAY} to {CPE}:179, which is the device link the wrong way round"


def test_silence_and_an_address_beside_the_cpes_suggest_the_branchs_own_prefix() -> None:
    story = Story(facts={"local_bgp": "10.1.0.5"})
    story.connect()
    assert story.findings(after=14.9) == []
    finding = story.finding(after=15)
    assert (finding.code, finding.certainty) == ("GSA-BGP-006", Certainty.LIKELY)
    assert finding.saw.endswith("10.1.0.5 lies in 10.1.0.0/24, as the CPE's own 10.1.0.4 does")


def test_silence_and_a_prefix_announced_earlier_suggest_the_branchs_own_prefix() -> None:
    story = connected()
    story.establish_bgp()
    story.announce("10.2.0.0/16")
    story.close_bgp()
    story.close_ike()
    story.close_child(1)
    story.connect()
    assert story.finding(after=15).code == "GSA-BGP-006"


def test_link_local_addresses_beside_each_other_are_no_branchs_prefix() -> None:
    story = Story(facts={"local_bgp": "169.254.21.1", "peer_bgp": "169.254.21.2"})
    story.connect()
    assert story.finding(after=15).code == "GSA-BGP-001"


def test_an_announced_default_route_holds_every_address_and_proves_nothing() -> None:
    story = connected()
    story.establish_bgp()
    story.announce("0.0.0.0/0")
    story.close_bgp()
    story.close_ike()
    story.close_child(1)
    story.connect()
    assert story.finding(after=15).code == "GSA-BGP-001"


@pytest.mark.parametrize(("authentication", "option"), [("md5", "RFC 2385"), ("ao", "RFC 5925")])
def test_a_signed_syn_is_proven_to_have_a_password(authentication: str, option: str) -> None:
    story = connected()
    story.syn(authentication=authentication)
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-BGP-009", Certainty.PROVEN)
    assert option in finding.saw


def test_a_password_that_was_removed_is_no_finding() -> None:
    story = connected()
    story.syn(authentication="md5")
    story.syn()
    assert story.findings() == []


def test_a_signed_syn_from_elsewhere_is_first_of_all_from_elsewhere() -> None:
    story = connected()
    story.syn(source="10.1.0.1", authentication="md5")
    assert story.finding().code == "GSA-BGP-003"


def test_a_syn_between_the_right_addresses_is_no_finding() -> None:
    story = connected()
    story.syn(source="10.1.0.1")
    story.syn()
    assert story.findings(after=3600) == []


def test_other_syns_beside_a_session_do_not_matter() -> None:
    story = Story()
    story.come_up()
    story.syn(source="10.1.0.99", destination="10.2.0.9")
    assert story.findings(after=3600) == []


def test_a_session_without_a_prefix_is_likely_a_policy_after_ten_seconds() -> None:
    story = connected()
    story.establish_bgp()
    assert story.findings(after=9) == []
    finding = story.finding(after=10)
    assert (finding.code, finding.certainty) == ("GSA-BGP-010", Certainty.LIKELY)
    assert finding.saw == "the CPE announces no prefix, 10 s after Established"


def test_a_cpe_that_withdrew_everything_is_found_as_well() -> None:
    story = Story()
    story.come_up()
    story.wait(60)
    story.withdraw("10.1.0.0/16")
    assert story.findings(after=9) == []
    assert story.finding(after=10).saw.endswith("10 s after it withdrew the last one")


def test_one_prefix_is_enough() -> None:
    story = Story()
    story.come_up()
    story.announce("10.9.0.0/16")
    story.withdraw("10.1.0.0/16")
    assert story.findings(after=3600) == []


def test_routes_lost_with_the_session_are_no_finding_about_routes() -> None:
    story = Story()
    story.come_up()
    story.close_bgp()
    story.withdraw("10.1.0.0/16")
    assert story.findings(after=3600) == []


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("127.0.0.1", "127.0.0.0/8, loopback"),
        ("0.0.0.0", "0.0.0.0/32, this host"),  # noqa: S104 - a source, not a binding
        ("224.0.0.5", "224.0.0.0/4, multicast"),
        ("255.255.255.255", "255.255.255.255/32, broadcast"),
    ],
)
def test_a_reserved_source_is_proven_and_no_device_link_can_fit(source: str, why: str) -> None:
    story = connected()
    story.syn(source=source)
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-BGP-015", Certainty.PROVEN)
    assert finding.saw == f"{source} to {GATEWAY}:179; {source} is reserved ({why})"
    assert finding.fix.device_link.startswith("nothing")


@pytest.mark.parametrize("source", ["126.255.255.255", "128.0.0.0", "223.255.255.255", "169.254.21.1"])
def test_a_source_that_a_device_link_can_have_is_just_another_one(source: str) -> None:
    story = connected()
    story.syn(source=source)
    assert story.finding().code == "GSA-BGP-003"
