"""Rules about traffic: GSA-TRF-001 to 005 and 020."""

import pytest

from gateway.diagnosis import Certainty, Severity
from tests.gateway.diagnosis.story import Story

HOST = "10.1.0.10"
BOTH = {"microsoft": True, "internet": True}


def up(**profiles: bool) -> Story:
    """A tunnel that is up, of a remote network with these profiles."""
    story = Story(facts={"profiles": profiles or BOTH})
    story.come_up()
    return story


@pytest.mark.parametrize(
    ("associated", "missing", "name"),
    [
        ("internet", "microsoft", "Microsoft traffic profile"),
        ("microsoft", "internet", "Internet Access profile"),
    ],
)
def test_traffic_of_the_profile_that_is_missing_is_a_proven_warning(
    associated: str, missing: str, name: str
) -> None:
    story = up(**{associated: True})
    story.drop("outside_profiles", HOST, "52.96.0.1", missing)
    finding = story.finding()
    assert (finding.code, finding.severity) == ("GSA-TRF-001", Severity.WARNING)
    assert finding.certainty is Certainty.PROVEN
    assert f"only the {name} covers the destination" in finding.saw
    assert f"{HOST} to 52.96.0.1 tcp/443, 3 packets" in finding.saw


def test_traffic_that_no_profile_covers_is_no_finding() -> None:
    story = up(microsoft=True)
    story.drop("outside_profiles", HOST, "192.0.2.80", None)
    assert story.findings() == []


def test_traffic_dropped_for_another_reason_is_no_missing_profile() -> None:
    story = up(microsoft=True)
    story.drop("service_not_emulated", HOST, "1.1.1.1", "internet")
    assert story.findings() == []


def test_a_drop_of_another_remote_network_is_no_finding() -> None:
    story = up(microsoft=True)
    story.stream.publish("edge", "traffic_dropped", remote_network="another", reason="outside_profiles")
    assert story.findings() == []


@pytest.mark.parametrize("code", ["GSA-TRF-001", "GSA-TRF-003", "GSA-TRF-004", "GSA-TRF-005"])
def test_what_was_not_seen_for_five_minutes_counts_no_longer(code: str) -> None:
    story = up(microsoft=True)
    story.drop("outside_profiles", HOST, "1.1.1.1", "internet")
    story.drop("no_return_route", "10.7.0.1", "52.96.0.1", "microsoft")
    story.handshake("large_mss_offered", f"{HOST}:50000", "52.96.0.1:443", mss=1460)
    story.handshake("syn_ack_without_syn", f"{HOST}:443", "52.96.0.1:50000")
    assert code in {finding.code for finding in story.findings(after=300)}
    assert story.findings(after=301) == []


def test_traffic_of_a_disabled_profile_is_proven() -> None:
    story = up(microsoft=True, internet=False)
    story.drop("outside_profiles", HOST, "1.1.1.1", "internet")
    finding = story.finding()
    assert (finding.code, finding.severity) == ("GSA-TRF-002", Severity.ERROR)
    assert "the Internet Access profile covers the destination and is disabled" in finding.saw


def test_a_session_whose_only_profile_is_disabled_is_proven() -> None:
    finding = up(microsoft=False).finding()
    assert (finding.code, finding.certainty) == ("GSA-TRF-002", Certainty.PROVEN)
    assert "the Microsoft traffic profile of the remote network is disabled" in finding.saw


def test_a_disabled_profile_beside_an_enabled_one_is_no_finding_without_its_traffic() -> None:
    assert up(microsoft=True, internet=False).findings() == []


def test_a_remote_network_without_profiles_has_none_that_is_disabled() -> None:
    story = Story(facts={"profiles": {}})
    story.come_up()
    assert story.findings() == []


def test_segments_that_do_not_fit_are_a_proven_warning() -> None:
    story = up()
    story.handshake("large_mss_offered", f"{HOST}:50000", "52.96.0.1:443", mss=1460)
    finding = story.finding()
    assert (finding.code, finding.severity) == ("GSA-TRF-003", Severity.WARNING)
    assert "segments of 1460 octets: packets of 1500" in finding.saw
    assert finding.expected.startswith("at most 1340 octets")


def test_an_answer_whose_question_went_another_way_is_a_proven_warning() -> None:
    story = up()
    story.handshake("syn_ack_without_syn", f"{HOST}:443", "52.98.0.10:50000")
    finding = story.finding()
    assert (finding.code, finding.severity) == ("GSA-TRF-004", Severity.WARNING)
    assert f"a SYN-ACK {HOST}:443 to 52.98.0.10:50000" in finding.saw


def test_the_cpes_own_public_address_is_called_so() -> None:
    story = up()
    story.handshake("syn_ack_without_syn", f"{story.tunnel.peer_address}:22", "52.98.0.10:50000")
    assert "the CPE's public address" in story.finding().fix.cpe


def test_a_source_that_is_not_announced_is_proven() -> None:
    story = up()
    story.drop("no_return_route", "10.7.0.1", "52.96.0.1", "microsoft")
    finding = story.finding()
    assert (finding.code, finding.severity) == ("GSA-TRF-005", Severity.ERROR)
    assert "no prefix of the CPE holds 10.7.0.1; it announces 10.1.0.0/16" in finding.saw


def test_a_refused_prefix_is_no_way_back() -> None:
    story = up()
    story.announce("0.0.0.0/0")
    story.refuse("default_route", "0.0.0.0/0")
    story.drop("no_return_route", "10.7.0.1", "52.96.0.1", "microsoft")
    assert {finding.code for finding in story.findings()} == {"GSA-TRF-005", "GSA-BGP-020"}


def test_a_source_that_is_announced_by_now_is_no_finding() -> None:
    story = up()
    story.drop("no_return_route", "10.7.0.1", "52.96.0.1", "microsoft")
    story.announce("10.7.0.0/24")
    assert story.findings() == []


@pytest.mark.parametrize("source", ["169.254.1.1", "0.0.0.1", "203.0.113.10", "10.1.0.4"])
def test_addresses_of_no_host_and_of_the_cpe_itself_are_no_finding(source: str) -> None:
    story = Story(facts={"profiles": BOTH, "peer": "203.0.113.10", "peer_bgp": "10.1.0.4"})
    story.connect()
    story.establish_bgp()
    story.announce("10.9.0.0/16")
    story.drop("no_return_route", source, "52.96.0.1", "microsoft")
    assert story.findings() == []


def test_traffic_before_any_prefix_is_a_matter_of_the_session() -> None:
    story = Story()
    story.connect()
    story.establish_bgp()
    story.drop("no_return_route", HOST, "52.96.0.1", "microsoft")
    assert story.finding(after=10).code == "GSA-BGP-010"


def redundant() -> Story:
    """A zone-redundant link whose first tunnel is up."""
    story = Story("zone-redundancy.yaml")
    story.come_up()
    return story


def test_a_second_tunnel_that_never_came_is_a_likely_warning_after_twenty_seconds() -> None:
    story = redundant()
    assert story.findings(after=19.9) == []
    finding = story.finding(after=20)
    assert (finding.code, finding.severity) == ("GSA-TRF-020", Severity.WARNING)
    assert finding.certainty is Certainty.LIKELY
    assert finding.tunnel == story.tunnels[1].name


def test_a_second_tunnel_that_tries_has_findings_of_its_own() -> None:
    story = redundant()
    story.tunnel = story.tunnels[1]
    story.init()
    assert "GSA-TRF-020" not in {finding.code for finding in story.findings(after=60)}


def test_two_tunnels_that_are_up_are_no_finding() -> None:
    story = redundant()
    story.tunnel = story.tunnels[1]
    story.come_up()
    assert story.findings(after=60) == []


def test_two_tunnels_that_are_down_are_no_matter_of_redundancy() -> None:
    found = Story("zone-redundancy.yaml").findings(after=60)
    assert {finding.code for finding in found} == {"GSA-IKE-003"}
