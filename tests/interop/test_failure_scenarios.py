"""Every failure scenario, with a real CPE: it ends with its findings and no others, and its fix works."""

import time
from typing import Any

import pytest

from gateway.diagnosis import diagnose
from gateway.lab.lab import Lab
from gateway.lab.runner import run_scenario
from gateway.lab.scenario import failures, load
from tests.support.runner import CHECKOUT

pytestmark = pytest.mark.interop


async def records_of(lab: Lab) -> dict[str, Any]:
    """What the gateway recorded, and until when: silence after the last record counts as well."""
    return {"records": lab.records, "now": time.time()}


EXAMPLE = str(CHECKOUT / "examples/scenarios/failure.yaml")


@pytest.mark.parametrize("name", [*failures(), EXAMPLE])
def test_the_expected_findings_and_no_others_live_and_from_the_recording(name: str) -> None:
    scenario = load(name)
    run = run_scenario(scenario, during=records_of)
    assert run.report.problems == []
    assert {finding.code for finding in diagnose(**run.extra)} == set(scenario.expect)


@pytest.mark.parametrize("name", [*failures(), EXAMPLE])
def test_the_fix_works_and_leaves_nothing_to_find(name: str) -> None:
    run = run_scenario(load(name, fixed=True), during=records_of)
    assert run.report.problems == []
    assert diagnose(**run.extra) == []
