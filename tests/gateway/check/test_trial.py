"""Whether a check waits for the outcome of a trial rekey."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.check.trial import is_awaited
from gateway.diagnosis.facts import facts_from
from tests.gateway.diagnosis.later_story import LaterStory


def awaited(story: LaterStory, *, after: float | None = 5.0, age: float = 1.0, left: float = 60.0) -> bool:
    """Whether the trial is awaited that is made so long after the CHILD SA, which is ``age`` old."""
    records = story.records()
    tunnel = replace(facts_from(records[0]["data"]["tunnels"][0]), trial_rekey_seconds=after)
    made = [record["time"] for record in records if record["name"] == "child_sa_established"]
    return is_awaited(tunnel, records, (made[-1] if made else 0.0) + age, left=left)


@pytest.fixture
def story() -> LaterStory:
    """A tunnel that has just come up."""
    story = LaterStory()
    story.come_up()
    return story


def test_a_trial_that_is_to_come_is_awaited(story: LaterStory) -> None:
    assert awaited(story)


def test_without_trials_none_is(story: LaterStory) -> None:
    assert not awaited(story, after=None)


def test_without_a_tunnel_none_is() -> None:
    assert not awaited(LaterStory())


def test_one_that_comes_later_than_one_waits_is_not(story: LaterStory) -> None:
    assert awaited(story, after=50, left=50)
    assert not awaited(story, after=500, left=50)


def test_one_whose_answer_does_not_come_is_not_awaited_for_ever(story: LaterStory) -> None:
    assert awaited(story, age=9)
    assert not awaited(story, age=11)


OUTCOMES: dict[str, Callable[[LaterStory], None]] = {
    "refused": LaterStory.trial_refused,
    "not tried": LaterStory.trial_omitted,
    "refused for now": lambda story: story.own_rekey_refused("TEMPORARY_FAILURE"),
    "rekeyed": lambda story: story.create_child(replaces=story.child, by_us=True),
    "closed": lambda story: story.close_child(story.child),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_outcome_ends_the_waiting(story: LaterStory, outcome: str) -> None:
    OUTCOMES[outcome](story)
    assert not awaited(story)


def test_the_next_tunnel_has_a_trial_of_its_own(story: LaterStory) -> None:
    story.trial_refused()
    story.close_child(story.child)
    story.close_ike()
    story.connect()
    assert awaited(story)
