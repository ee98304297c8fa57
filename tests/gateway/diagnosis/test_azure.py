"""The shape of Azure Network Watcher's VPN troubleshoot result, as its REST API documents it."""

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from gateway.diagnosis.azure import NO_FAULT, troubleshooting_result
from gateway.diagnosis.finding import Finding
from ike.constants import DhGroup, Encr, Prf
from tests.gateway.diagnosis.story import DIFFERENT_KEYS, Story, ike_proposal


class RecommendedAction(BaseModel):
    """``TroubleshootingRecommendedActions`` of the REST API."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)
    action_id: str | None = None
    action_text: str
    action_uri: str
    action_uri_text: str


class Details(BaseModel):
    """``TroubleshootingDetails``."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)
    id: str
    reason_type: str | None = None
    summary: str
    detailed: str
    recommended_actions: list[RecommendedAction]


class TroubleshootingResult(BaseModel):
    """``TroubleshootingResult``."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)
    start_time: str
    end_time: str
    code: str
    results: list[Details]


SHAPE = TypeAdapter(TroubleshootingResult)


def finding() -> Finding:
    story = Story()
    story.init()
    story.auth(failure=DIFFERENT_KEYS)
    return story.finding()


def shaped(*findings: Finding, healthy: bool = False) -> dict[str, Any]:
    return troubleshooting_result(findings, start=0.0, end=1.25, healthy=healthy)


def test_a_finding_is_a_result_with_an_action_for_each_side() -> None:
    result = SHAPE.validate_python(shaped(finding()))
    (details,) = result.results
    assert (result.code, details.id, details.summary) == (
        "UnHealthy",
        "GSA-IKE-020",
        "Pre-shared keys differ",
    )
    assert [action.action_text.partition(":")[0] for action in details.recommended_actions] == [
        "On the CPE",
        "On the device link",
    ]
    assert {action.action_uri for action in details.recommended_actions} == {"docs/failures/GSA-IKE-020.md"}


def test_no_finding_is_healthy_and_says_so() -> None:
    result = SHAPE.validate_python(shaped(healthy=True))
    assert (result.code, [details.id for details in result.results]) == ("Healthy", [NO_FAULT])


def test_times_are_in_utc_with_milliseconds() -> None:
    result = SHAPE.validate_python(shaped())
    assert (result.start_time, result.end_time) == ("1970-01-01T00:00:00.000Z", "1970-01-01T00:00:01.250Z")


def test_the_shape_refuses_a_member_that_the_service_does_not_have() -> None:
    with pytest.raises(ValidationError):
        SHAPE.validate_python(shaped() | {"findings": []})


def test_the_smallest_change_that_helps_is_told_in_detail() -> None:
    story = Story()
    story.init(ike_proposal(Encr.AES_GCM_16, 256, Prf.HMAC_SHA2_384, DhGroup.ECP_384))
    (result,) = shaped(story.finding())["results"]
    assert "Replayed: with Diffie-Hellman group MODP_2048 instead of ECP_384, and" in result["detailed"]
    (without,) = shaped(finding())["results"]
    assert "Replayed" not in without["detailed"]
