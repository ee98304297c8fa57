"""No false alarm: every scenario that works passes the check, with no finding live or recorded."""

import pytest

from gateway.lab.lab import Lab
from gateway.lab.runner import run_scenario
from gateway.lab.scenario import healthy, load
from tests.interop.broken_lab import Checked, check

pytestmark = pytest.mark.interop


@pytest.mark.parametrize("scenario", healthy())
def test_a_healthy_scenario_passes_every_step(scenario: str) -> None:
    async def checked(lab: Lab) -> dict[str, object]:
        return await check(lab, wait=10)

    run = run_scenario(load(scenario), during=checked)
    assert run.report.ok, run.report.problems
    result = Checked(**run.extra)
    assert (result.codes, result.offline) == ([], [])
    assert {step["status"] for step in result.report["steps"]} == {"passed"}
    assert (result.status, result.report["ok"]) == (0, True)
