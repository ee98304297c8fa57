"""Rules about requests that are repeated although they are answered: GSA-IKE-016 and 043."""

import pytest

from gateway.diagnosis import Certainty
from tests.gateway.diagnosis.later_story import LaterStory

# IKE_SA_INIT


def init_repeated(times: int) -> LaterStory:
    """A CPE that repeats IKE_SA_INIT."""
    story = LaterStory()
    story.init()
    for _ in range(times):
        story.wait(4)
        story.repeated_init()
    return story


def test_a_second_repetition_of_ike_sa_init_proves_that_the_answer_is_lost() -> None:
    story = init_repeated(2)
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-IKE-016", Certainty.PROVEN)
    assert finding.saw.startswith("the CPE repeats IKE_SA_INIT, 2 times until now")
    assert "port 500" in finding.fix.cpe
    assert finding.because[-1] == story.records()[-1]["id"]


def test_one_repetition_is_likely_a_lost_answer_when_nothing_follows_for_five_seconds() -> None:
    story = init_repeated(1)
    assert story.findings() == []
    finding = story.finding(after=1)
    assert (finding.code, finding.certainty) == ("GSA-IKE-016", Certainty.LIKELY)


def test_ike_auth_after_a_repetition_shows_that_the_second_answer_arrived() -> None:
    story = init_repeated(2)
    story.connect()
    assert story.findings(after=10) == []


def test_a_cpe_that_starts_over_has_not_shown_that_an_answer_arrived() -> None:
    story = init_repeated(3)
    story.close_ike("no IKE_AUTH came after IKE_SA_INIT", established=False)
    story.init()
    assert story.finding().code == "GSA-IKE-016"


# IKE_AUTH


def auth_repeated(times: int) -> LaterStory:
    """A CPE whose IKE_AUTH is answered, and that repeats it."""
    story = LaterStory()
    story.connect()
    for _ in range(times):
        story.wait(7)
        story.repeated_auth()
    return story


def test_repeated_ike_auth_requests_are_lost_answers_and_no_silence_of_bgp() -> None:
    story = auth_repeated(2)
    finding = story.finding(after=30)
    assert (finding.code, finding.certainty) == ("GSA-IKE-043", Certainty.PROVEN)
    assert finding.saw.startswith("the CPE repeats IKE_AUTH, 2 times until now")
    assert finding.because[-1] == story.records()[-1]["id"]


def test_one_answer_to_ike_auth_may_be_lost_by_chance() -> None:
    assert auth_repeated(1).findings() == []


@pytest.mark.parametrize("sign", ["syn", "informational"])
def test_whatever_a_cpe_sends_after_the_answer_ends_the_finding(sign: str) -> None:
    story = auth_repeated(3)
    getattr(story, sign)()
    assert "GSA-IKE-043" not in {finding.code for finding in story.findings()}


def test_a_cpe_that_starts_over_is_told_of_in_all_its_ike_sas() -> None:
    story = auth_repeated(3)
    story.connect()
    assert story.finding(after=5).code == "GSA-IKE-043"
    story.repeated_auth()
    assert "4 times until now in 2 IKE SAs" in story.finding(after=5).saw


def test_a_new_ike_sa_that_is_not_repeated_for_a_while_has_reached_the_cpe() -> None:
    story = auth_repeated(3)
    story.connect()
    assert story.finding(after=20).code == "GSA-BGP-001"


def test_an_ike_sa_given_up_for_want_of_an_answer_was_never_known_to_the_cpe() -> None:
    story = auth_repeated(3)
    story.ask_in_vain(3)
    assert story.finding().code == "GSA-IKE-043"


def test_a_repeated_request_that_was_refused_is_about_the_refusal() -> None:
    story = LaterStory()
    story.init()
    story.auth(failure="the AUTH payload does not verify: the two pre-shared keys differ")
    for _ in range(2):
        story.repeated_auth()
    assert story.finding().code == "GSA-IKE-020"
