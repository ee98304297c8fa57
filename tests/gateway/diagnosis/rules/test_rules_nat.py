"""Rules about address translation: GSA-NAT-001."""

from gateway.diagnosis import Certainty, Severity
from tests.gateway.diagnosis.story import DIFFERENT_KEYS, Story

CODE = "GSA-NAT-001"


def test_a_destination_hash_of_another_address_is_a_proven_warning_on_a_tunnel_that_works() -> None:
    story = Story()
    story.init(gateway_behind_nat=True)
    story.auth()
    story.create_child()
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    finding = story.finding()
    assert (finding.code, finding.severity, finding.certainty) == (CODE, Severity.WARNING, Certainty.PROVEN)
    assert finding.tunnel == story.tunnel.name
    assert "198.51.100.20, its own address" in finding.saw
    assert "gateway: {advertise: {198.51.100.20: ADDRESS}}" in finding.fix.device_link


def test_it_hides_no_failure_of_a_later_step() -> None:
    story = Story()
    story.init(gateway_behind_nat=True)
    story.auth(failure=DIFFERENT_KEYS)
    assert [finding.code for finding in story.findings()] == ["GSA-IKE-020", CODE]


def test_an_advertised_address_that_is_not_the_one_on_the_cpe_is_named() -> None:
    story = Story()
    story.stream.history[0].data["tunnels"][0]["advertised_endpoint"] = "203.0.113.5"
    story.init(gateway_behind_nat=True)
    assert "203.0.113.5, as set in gateway.advertise" in story.finding().saw


def test_a_nat_before_the_cpe_is_none_before_the_gateway() -> None:
    story = Story()
    story.init()
    assert story.findings() == []


def test_a_cpe_that_comes_back_without_the_nat_ends_the_warning() -> None:
    story = Story()
    story.init(gateway_behind_nat=True)
    story.init()
    assert story.findings() == []
