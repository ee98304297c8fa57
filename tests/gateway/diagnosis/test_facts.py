"""What is known of a tunnel."""

import json

from gateway.diagnosis import facts_from
from tests.gateway.diagnosis.story import Story


def test_the_facts_survive_json() -> None:
    facts = Story("zone-redundancy.yaml", index=1).facts
    assert facts_from(json.loads(json.dumps(facts.as_json()))) == facts


def test_the_facts_hold_no_secret() -> None:
    assert "horse" not in json.dumps(Story().facts.as_json())


def test_the_link_is_named_without_network_and_number() -> None:
    assert Story().facts.link == "cpe1"
