"""What a run looks like on paper, in a narrow terminal, and without colour."""

import io
from dataclasses import replace

import pytest

from gateway.lab.result import Diagnosed, Excerpt, Report, Step, TrafficResult, TunnelResult
from gateway.lab.scenario import load
from gateway.lab.view import Screen

TUNNEL = TunnelResult(
    name="bellevue/cpe1/0",
    ike={"state": "ESTABLISHED", "suite": "A / B", "local": "l", "remote": "r", "identity": "i"},
    child={
        "state": "INSTALLED",
        "suite": "C",
        "spi_in": "01",
        "spi_out": "02",
        "udp_encapsulation": True,
        "packets_in": 1,
        "bytes_in": 10,
        "packets_out": 2,
        "bytes_out": 20,
        "gateway": {"packets_in": 2, "bytes_in": 20, "packets_out": 1, "bytes_out": 10},
    },
    bgp={"state": "Established", "local_as": 65001, "peer_as": 65476},
    routes_learned_by_cpe=25,
    routes_learned_from_cpe=["10.1.0.0/16"],
)
CHECK = TrafficResult(
    source="host", kind="fetch", target="http://[a]/", expect="answer", outcome="answer", saw="HTTP 200", ms=9
)
REPORT = Report(
    scenario="basic",
    tunnels=[TUNNEL],
    traffic=[CHECK, replace(CHECK, expect="dropped", outcome="dropped", saw="no answer")],
    timings_ms={"tunnel": 130, "bgp": 1100, "routes": 1200, "total": 5000},
    evidence=[
        Excerpt(node="cpe", command="birdc show protocols", output="BIRD 2 ready.\nkernel1 Kernel [x]")
    ],
)


def shown(report: Report, *, kept: bool = False) -> str:
    paper = io.StringIO()
    screen = Screen(load("basic"), "gsalab lab run mine/basic.yaml", paper)
    screen.introduce()
    screen.step(Step(ms=3, who="lab", what="nodes", detail="4 nodes"))
    screen.step(Step(ms=130, who="esp", what="CHILD SA", detail="AES_GCM_16-256"))
    screen.report(report, kept=kept)
    return paper.getvalue()


def test_output_that_is_no_terminal_has_no_escape_sequences() -> None:
    assert "\x1b" not in shown(REPORT)


def test_no_color_is_honoured_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[32m" in shown(REPORT) or "\x1b[1;32m" in shown(REPORT)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in shown(REPORT)
    assert "\x1b[1;32m" not in shown(REPORT)


def test_the_timeline_begins_with_the_first_step_of_the_protocols() -> None:
    text = shown(REPORT)
    assert text.index("4 nodes") < text.index("Timeline") < text.index("CHILD SA")


def test_a_working_lab_is_reported_with_its_times() -> None:
    text = shown(REPORT)
    assert (
        "✓ basic works in 5.0 s; after the CPE's start: tunnel 130 ms, BGP 1100 ms, all routes 1200 ms"
        in text
    )


def test_counters_that_agree_are_said_to_agree() -> None:
    assert "the gateway counted the same" in shown(REPORT)


def test_counters_that_differ_are_shown() -> None:
    child = TUNNEL.child | {"packets_out": 3}
    text = shown(replace(REPORT, tunnels=[replace(TUNNEL, child=child)]))
    assert "the gateway counted 2 in, 1 out" in text


def test_brackets_in_what_programs_print_are_shown_as_they_are() -> None:
    text = shown(REPORT)
    assert "kernel1 Kernel [x]" in text
    assert "fetch http://[a]/" in text


def test_an_expected_drop_is_called_right() -> None:
    assert "dropped, as it has to be: no answer" in shown(REPORT)


def test_a_failure_shows_the_problems_and_the_logs() -> None:
    log = Excerpt(node="cpe", command="/run/charon.log", output="received AUTHENTICATION_FAILED")
    text = shown(replace(REPORT, problems=["bellevue/cpe1/0 has no IKE SA"], logs=[log]))
    assert "✗ bellevue/cpe1/0 has no IKE SA" in text
    assert "received AUTHENTICATION_FAILED" in text
    assert "✗ basic does not work" in text


@pytest.mark.parametrize(
    ("file", "heading"),
    [("/run/charon.log", "What the CPE's own log says"), ("/run/probe.log", "What the probe's log says")],
)
def test_the_log_of_a_probe_is_not_called_the_cpes_own(file: str, heading: str) -> None:
    log = Excerpt(node="cpe", command=file, output="received NO_PROPOSAL_CHOSEN")
    finding = Diagnosed(facts={"code": "GSA-IKE-037"}, text="✗ GSA-IKE-037")
    assert heading in shown(replace(REPORT, expected=["GSA-IKE-037"], findings=[finding], logs=[log]))


def test_a_kept_probe_is_offered_to_be_read() -> None:
    paper = io.StringIO()
    Screen(load("esp-gcm-with-hmac"), "gsalab lab run esp-gcm-with-hmac", paper).report(REPORT, kept=True)
    assert "gsalab lab shell cpe -- cat /run/probe.log" in paper.getvalue()


def test_a_kept_lab_is_offered_to_be_entered_and_removed() -> None:
    text = shown(REPORT, kept=True)
    assert "gsalab lab shell cpe" in text
    assert "gsalab lab down basic" in text


def test_a_lab_that_is_gone_is_offered_to_be_run_again() -> None:
    assert "gsalab lab run mine/basic.yaml --keep" in shown(REPORT)


def test_a_lab_that_failed_as_it_has_to_is_offered_to_be_run_with_its_fix() -> None:
    assert "gsalab lab run mine/basic.yaml --fix" in shown(replace(REPORT, expected=["GSA-IKE-022"]))
