"""What is known of a tunnel."""

import json

from gateway.diagnosis import facts_from, facts_of
from tests.gateway.diagnosis.story import Story


def test_the_facts_survive_json() -> None:
    facts = facts_of(Story("zone-redundancy.yaml", index=1).tunnel)
    assert facts_from(json.loads(json.dumps(facts.as_json()))) == facts


def test_the_facts_hold_no_secret() -> None:
    assert "horse" not in json.dumps(facts_of(Story().tunnel).as_json())


def test_the_link_is_named_without_network_and_number() -> None:
    assert facts_of(Story().tunnel).link == "cpe1"
