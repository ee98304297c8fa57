"""Runs that fail inside the lab, and what a run hands back."""

import pytest

from gateway.lab.lab import Lab
from gateway.lab.runner import run_scenario
from gateway.lab.scenario import ScenarioError, load

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
