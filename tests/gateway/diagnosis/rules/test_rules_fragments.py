"""GSA-IKE-041: lost fragments of IKE_AUTH."""

from gateway.diagnosis import Certainty
from tests.gateway.diagnosis.later_story import LaterStory

CODE = "GSA-IKE-041"


def with_a_fragment() -> LaterStory:
    """A CPE of whose IKE_AUTH one fragment came."""
    story = LaterStory()
    story.init()
    story.fragment_of_auth(total=3)
    return story


def test_fragments_that_do_not_come_are_likely_lost_after_five_seconds_and_not_before() -> None:
    story = with_a_fragment()
    assert story.findings(after=4.9) == []
    finding = story.finding(after=5)
    assert (finding.code, finding.certainty) == (CODE, Certainty.LIKELY)
    assert finding.saw == "not all of 3 fragments within 5 s"


def test_a_repeated_fragment_proves_at_once_that_the_others_are_lost() -> None:
    story = with_a_fragment()
    story.wait(4)
    story.dropped_fragment("fragment 3 of 3 is here already")
    finding = story.finding()
    assert (finding.code, finding.certainty) == (CODE, Certainty.PROVEN)
    assert finding.saw == "fragment 3 of 3 is here already: the CPE repeats, and the rest of 3 is lost again"


def test_a_message_that_was_given_up_names_the_fragments_that_came() -> None:
    story = with_a_fragment()
    story.wait(30)
    story.give_up_fragments(1, 3, total=3)
    finding = story.finding()
    assert finding.certainty is Certainty.PROVEN
    assert finding.saw == "of 3 fragments only number 1, 3 in time"


def test_a_message_that_became_complete_is_no_finding() -> None:
    story = with_a_fragment()
    story.wait(4)
    story.auth()
    story.create_child()
    assert story.findings(after=10) == []


# IP fragments


def half_open_with_ip_fragments() -> LaterStory:
    """A CPE that fell silent after IKE_SA_INIT, while IP fragments arrived that did not become whole."""
    story = LaterStory()
    story.init()
    story.wait(1)
    story.stream.publish("lab", "ip_fragments_incomplete", datagrams=1)
    return story


def test_ip_fragments_without_a_datagram_are_likely_a_lost_ike_auth() -> None:
    story = half_open_with_ip_fragments()
    assert story.findings(after=3.9) == []
    finding = story.finding(after=4)
    assert (finding.code, finding.certainty) == ("GSA-IKE-047", Certainty.LIKELY)
    assert "IP fragments of 1 datagram that did not become whole" in finding.saw
    assert finding.saw.endswith("the CPE did not offer IKE fragmentation")
    assert finding.fix.strongswan == "fragmentation = yes"


def test_ip_fragments_before_the_cpe_came_are_somebody_elses() -> None:
    story = LaterStory()
    story.stream.publish("lab", "ip_fragments_incomplete", datagrams=1)
    story.init()
    finding = story.finding(after=10)
    assert finding.code == "GSA-IKE-040"
    assert finding.fix.cpe.endswith("switch IKE fragmentation on, which it did not offer")


def test_an_ike_auth_that_arrives_after_ip_fragments_makes_them_history() -> None:
    story = half_open_with_ip_fragments()
    story.connect()
    assert story.findings(after=10) == []
