"""Rules about the ports that a NAT gives a CPE: GSA-NAT-011 to 014."""

import pytest

from gateway.diagnosis import Certainty, Severity
from ike.nat import detection_hash
from tests.gateway.diagnosis.later_story import LaterStory
from tests.gateway.diagnosis.nat_story import autopsy

ADDRESS = "198.51.100.10"
SPIS = bytes(range(1, 9)) + bytes(8)


def came_up(init: int, auth: int, *, believes: str = "") -> LaterStory:
    """A tunnel whose IKE came from these ports, first on UDP 500 and then on UDP 4500."""
    story = LaterStory()
    story.source = f"{ADDRESS}:{init}"
    story.hashes = (
        (SPIS.hex(), detection_hash(SPIS[:8], SPIS[8:], believes, 500).hex()) if believes else ("", "00")
    )
    story.init()
    story.source, story.listens = f"{ADDRESS}:{auth}", 4500
    story.auth()
    story.create_child()
    story.establish_bgp()
    story.announce("10.1.0.0/16")
    return story


def codes(story: LaterStory) -> list[str]:
    """The codes of all findings."""
    return [finding.code for finding in story.findings()]


def test_ports_that_stay_are_no_finding() -> None:
    assert codes(came_up(500, 4500)) == []


def test_a_tunnel_that_stays_on_udp_500_is_no_finding() -> None:
    story = LaterStory()
    story.come_up()
    assert codes(story) == []


def test_another_port_on_4500_alone_is_a_warning() -> None:
    finding = came_up(500, 40001).finding()
    assert (finding.code, finding.severity, finding.certainty) == (
        "GSA-NAT-011",
        Severity.WARNING,
        Certainty.PROVEN,
    )
    assert finding.saw == "source port 40001 on UDP 4500, after 500 on UDP 500"


def test_two_other_ports_are_a_symmetric_nat() -> None:
    finding = came_up(40000, 40001).finding()
    assert (finding.code, finding.severity) == ("GSA-NAT-012", Severity.WARNING)
    assert finding.saw == "source port 40000 on UDP 500, then 40001 on UDP 4500"


@pytest.mark.parametrize("ports", [(40000, 40000), (40000, 4500)])
def test_another_port_on_500_alone_is_not_symmetric(ports: tuple[int, int]) -> None:
    assert "GSA-NAT-012" not in codes(came_up(*ports))


def test_what_the_cpe_believes_is_told_where_its_hash_fits() -> None:
    story = came_up(500, 40001, believes="192.168.1.2")
    assert "believes" not in story.finding().saw
    autopsy(story, "192.168.1.2:500")
    assert story.finding().saw.endswith(
        f"; the CPE believes it is 192.168.1.2:500; it arrived as {ADDRESS}:500: address was rewritten"
    )


def test_forced_encapsulation_is_not_taken_for_an_address() -> None:
    story = came_up(500, 40001, believes="")
    assert "believes" not in story.finding().saw


# Changes


def test_another_port_in_mid_session_is_a_changed_mapping() -> None:
    story = came_up(500, 4500)
    story.move(40007)
    finding = story.finding()
    assert (finding.code, finding.severity, finding.certainty) == (
        "GSA-NAT-013",
        Severity.WARNING,
        Certainty.PROVEN,
    )
    assert finding.saw == f"a live tunnel that came from {ADDRESS}:4500 until then; 1 change since it is up"


def test_another_address_is_no_changed_mapping() -> None:
    story = came_up(500, 4500)
    story.move(4500, address="203.0.113.50")
    assert "GSA-NAT-013" not in codes(story)


def test_a_new_tunnel_starts_without_changes() -> None:
    story = came_up(500, 4500)
    story.move(40007)
    story.source, story.listens = f"{ADDRESS}:500", 500
    story.init()
    story.source, story.listens = f"{ADDRESS}:4500", 4500
    story.auth()
    story.create_child()
    assert codes(story) == []


def test_a_request_without_an_answer_before_the_change_is_a_mapping_that_timed_out() -> None:
    story = came_up(500, 4500)
    story.not_answering()
    story.wait(7)
    story.move(40007)
    finding = story.finding()
    assert (finding.code, finding.severity, finding.certainty) == (
        "GSA-NAT-014",
        Severity.WARNING,
        Certainty.LIKELY,
    )
    assert finding.saw == f"no answer at {ADDRESS}:4500; 7 s later the same tunnel came from {ADDRESS}:40007"


def test_a_request_that_was_answered_at_the_old_port_is_no_timeout() -> None:
    story = came_up(500, 4500)
    story.not_answering()
    story.informational()
    story.move(40007)
    assert codes(story) == ["GSA-NAT-013"]
