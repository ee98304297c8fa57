"""What is known of a tunnel."""

import json

from gateway.diagnosis import facts_from
from gateway.diagnosis.facts import facts_of
from tests.gateway.diagnosis.story import Story


def test_the_facts_survive_json() -> None:
    facts = Story("zone-redundancy.yaml", index=1).facts
    assert facts_from(json.loads(json.dumps(facts.as_json()))) == facts


def test_the_facts_hold_no_secret() -> None:
    assert "horse" not in json.dumps(Story().facts.as_json())


def test_the_link_is_named_without_network_and_number() -> None:
    assert Story().facts.link == "cpe1"


def test_the_facts_know_when_a_rekey_is_tried() -> None:
    story = Story()
    ike = story.lab.gateway.ike.model_copy(update={"trial_rekey_seconds": 5})
    lab = story.lab.model_copy(update={"gateway": story.lab.gateway.model_copy(update={"ike": ike})})
    assert story.facts.trial_rekey_seconds is None
    facts = facts_of(story.tunnel, lab)
    assert facts.trial_rekey_seconds == 5
    assert facts_from(json.loads(json.dumps(facts.as_json()))) == facts
