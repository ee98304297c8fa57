"""The front door with a real strongSwan: cookies, and a NAT box that rewrites source port 500."""

from typing import Any

import pytest

from gateway.lab.runner import run_scenario
from gateway.lab.scenario import load
from tests.interop.front_door_drills import ike_records

pytestmark = pytest.mark.interop

ONE_PING = [{"from": "host", "ping": "52.96.0.1"}]
REWRITES_500 = {
    "nodes.isp.nat.personality": "rewrite-500",
    "traffic": ONE_PING,
}


def named(found: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [record["data"] for record in found if record["name"] == name]


@pytest.mark.timeout(180)
def test_strongswan_returns_the_cookie_and_comes_up() -> None:
    scenario = load("basic", {"traffic": ONE_PING, "lab.gateway.ike": {"cookies": "always"}})
    run = run_scenario(scenario, during=ike_records)
    assert run.report.problems == []
    (asked,) = named(run.extra, "cookie_requested")
    assert (asked["reason"], asked["returned"]) == ("cookies are always asked for", False)
    payloads = [m["payloads"] for m in named(run.extra, "message_received") if m["exchange"] == "IKE_SA_INIT"]
    assert [first for first, *_ in payloads] == ["N(COOKIE)"]


@pytest.mark.timeout(180)
def test_a_cpe_whose_port_500_is_rewritten_comes_up_where_that_is_accepted() -> None:
    scenario = load("nat-static", {**REWRITES_500, "lab.gateway.ike": {"natPortRewrite": "accept"}})
    run = run_scenario(scenario, during=ike_records)
    assert run.report.problems == []
    (first, *_) = [m for m in named(run.extra, "message_received") if m["exchange"] == "IKE_SA_INIT"]
    assert first["remote"] == "203.0.113.10:40000"
    (nat,) = named(run.extra, "nat_detection")
    assert nat["status"]["remote_behind_nat"]


@pytest.mark.timeout(180)
def test_a_cpe_whose_port_500_is_rewritten_gets_no_answer_by_default() -> None:
    run = run_scenario(load("nat-static", {**REWRITES_500, "timeout": 6}))
    assert run.report.problems == ["bellevue/cpe1/0 has no IKE SA, 6 s after the CPE's start"]
