"""Runs that fail inside the lab, and what a run hands back."""

from typing import Any

import pytest

from gateway.lab.gateway_node import UP
from gateway.lab.lab import Lab
from gateway.lab.netns import NetnsBackend
from gateway.lab.runner import run_scenario
from gateway.lab.scenario import ScenarioError, load
from gateway.lab.scenario_model import CommandPart, Scenario

pytestmark = pytest.mark.interop


def test_a_gateway_that_does_not_start_is_told_with_its_last_words() -> None:
    report = run_scenario(load("basic"), gateway_command=("sh", "-c", "echo no luck; exit 3")).report
    assert not report.ok
    assert report.problems == ["the gateway ended with status 3:\nno luck"]


def test_a_lab_file_that_breaks_a_rule_is_refused() -> None:
    with pytest.raises(ScenarioError, match="noSuchRegion"):
        run_scenario(load("basic", {"lab.remoteNetworks.0.region": "noSuchRegion"}))


def test_a_cpe_without_its_device_link_in_the_lab_file_is_told() -> None:
    report = run_scenario(load("basic", {"nodes.cpe.device_link": "cpe9"})).report
    (problem,) = report.problems
    assert problem == "cpe: device link bellevue/cpe9 has 0 tunnels in the lab file, the CPE 1"


def test_a_run_reports_steps_counters_and_what_was_done_in_the_lab() -> None:
    async def during(lab: Lab) -> list[str]:
        return sorted(lab.nodes)

    told: list[str] = []
    run = run_scenario(load("basic"), on_step=lambda step: told.append(step.what), during=during)
    assert run.report.ok
    assert run.extra == ["cpe", "gateway", "host", "internet"]
    order = ["IKE_SA_INIT", "IKE_AUTH", "CHILD SA", "TCP 179", "Established", "routes in BIRD"]
    assert [what for what in told if what in order] == order
    child = run.report.tunnels[0].child
    assert child["packets_in"] > 0
    assert child["gateway"]["packets_out"] >= child["packets_in"]


def test_bgp_is_established_within_three_seconds_of_the_start_of_the_cpe() -> None:
    timings = run_scenario(load("basic")).report.timings_ms
    assert timings["tunnel"] < timings["bgp"] < timings["routes"]
    assert timings["bgp"] < 3000


def test_an_exception_in_the_lab_arrives_with_its_traceback() -> None:
    async def during(_: Lab) -> None:
        raise ValueError("spilled")

    with pytest.raises(RuntimeError, match="spilled"):
        run_scenario(load("basic"), during=during)


# Failure scenarios


def failing(*, expect: str = "GSA-IKE-020", **command: Any) -> Scenario:
    """Different pre-shared keys, with a further command, and perhaps the wrong expectation."""
    scenario = load("psk-mismatch", {"timeout": 8})
    assert scenario.wrong is not None
    commands = [CommandPart.model_validate(command)] if command else []
    wrong = scenario.wrong.model_copy(update={"commands": commands})
    return scenario.model_copy(update={"wrong": wrong, "expect": [expect]})


CHARON_DIES: dict[str, Any] = {
    "node": "cpe",
    "run": ["sh", "-c", "sleep 2; kill -9 $(pidof charon-systemd)"],
    "stays": True,
}


def test_a_gateway_that_ends_in_a_failure_scenario_is_told_at_once() -> None:
    command = ("timeout", "4", *NetnsBackend.gsalab, *UP)
    report = run_scenario(failing(expect="GSA-BGP-001"), gateway_command=command).report
    assert report.problems[0].startswith("the gateway ended with status 124")


def test_a_failure_scenario_with_other_findings_says_which_and_is_over_when_its_time_is() -> None:
    report = run_scenario(failing(expect="GSA-BGP-001")).report
    assert report.problems == [
        "expected GSA-BGP-001, which was not found",
        "found GSA-IKE-020, which was not expected",
    ]
    assert [found.facts["code"] for found in report.findings] == ["GSA-IKE-020"]


def test_a_daemon_of_the_cpe_may_end_when_the_findings_are_the_expected_ones() -> None:
    assert run_scenario(failing(**CHARON_DIES)).report.problems == []


def test_a_daemon_of_the_cpe_that_ended_is_told_when_the_findings_are_not_the_expected_ones() -> None:
    problems = run_scenario(failing(expect="GSA-BGP-001", **CHARON_DIES)).report.problems
    assert problems[-1] == "cpe: charon of cpe ended with status -9"


def test_a_command_of_a_failure_scenario_that_fails_is_told() -> None:
    (problem,) = run_scenario(failing(node="cpe", run=["ip", "link", "set", "nowhere", "up"])).report.problems
    assert "nowhere" in problem
