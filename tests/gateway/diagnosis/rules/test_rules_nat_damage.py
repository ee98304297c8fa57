"""Rules about what a NAT or a firewall breaks: GSA-NAT-015 and following."""

from gateway.diagnosis import Certainty
from tests.gateway.diagnosis.nat_story import wrong_checksum
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
