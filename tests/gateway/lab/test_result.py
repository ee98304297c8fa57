"""The JSON of a run."""

from dataclasses import asdict, replace
from typing import Any

from gateway.lab.result import Report, TrafficResult, TunnelResult, report_from

CHECK = TrafficResult(
    source="host", kind="ping", target="52.96.0.1", expect="answer", outcome="answer", saw="1 ms", ms=9
)
TUNNEL = TunnelResult(
    name="bellevue/cpe1/0",
    ike={"state": "ESTABLISHED"},
    child={"state": "INSTALLED"},
    bgp={"state": "Established"},
    routes_learned_by_cpe=25,
    routes_learned_from_cpe=["10.1.0.0/16"],
)


def report(**changes: Any) -> Report:
    whole = Report(scenario="basic", tunnels=[TUNNEL, TUNNEL], traffic=[CHECK], timings_ms={"bgp": 1100})
    return replace(whole, **changes)


def test_the_keys_of_the_report_are_those_that_are_documented() -> None:
    assert list(report().as_json()) == [
        "scenario",
        "ok",
        "tunnels",
        "routes_learned_by_cpe",
        "routes_learned_from_cpe",
        "traffic",
        "timings_ms",
    ]


def test_routes_are_added_up_over_the_tunnels() -> None:
    facts = report().as_json()
    assert (facts["routes_learned_by_cpe"], facts["routes_learned_from_cpe"]) == (50, 2)


def test_a_run_with_problems_is_not_ok_and_names_them() -> None:
    facts = report(problems=["no tunnel"]).as_json()
    assert (facts["ok"], facts["problems"]) == (False, ["no tunnel"])


def test_a_report_arrives_as_it_was_sent() -> None:
    assert report_from(asdict(report())) == report()


def test_a_spread_check_needs_packets_in_every_tunnel() -> None:
    assert replace(CHECK, spread=True, packets={"a": 9, "b": 8}).ok
    assert not replace(CHECK, spread=True, packets={"a": 9, "b": 0}).ok
