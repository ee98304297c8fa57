"""The result of a check as text, JSON and JUnit XML."""

import json
from dataclasses import replace
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import pytest

from gateway.check import Status, Step, render
from gateway.check.wait import Result
from gateway.diagnosis import Certainty, Severity
from gateway.diagnosis import render as finding_text
from tests.gateway.diagnosis.story import DIFFERENT_KEYS, Story

TUNNEL = "branch1/cpe1/0"


def result() -> Result:
    """A tunnel that came up, and one with a wrong key."""
    story = Story()
    story.init()
    story.auth(failure=DIFFERENT_KEYS)
    return Result(
        steps=(
            Step(tunnel="branch2/cpe1/0", name="tunnel", status=Status.PASSED, saw="CHILD SA", time=105.5),
            Step(tunnel=TUNNEL, name="tunnel", status=Status.FAILED, saw="no IKE SA"),
            Step(tunnel=TUNNEL, name="bgp", status=Status.SKIPPED, saw="waits for step tunnel"),
        ),
        findings=(story.finding(),),
        started=100.0,
        seconds=8.25,
    )


def junit(of: Result) -> ET.Element:
    """The JUnit XML of a result."""
    return ET.fromstring(render.junit(of))  # noqa: S314 - our own


def test_text_has_a_line_per_step_the_findings_and_a_verdict() -> None:
    printed: list[str] = []
    render.Text(printed.append).finish(result())
    lines = "\n".join(printed).splitlines()
    assert lines[0] == "✓ tunnel   branch2/cpe1/0  CHILD SA"
    assert lines[1] == "✗ tunnel   branch1/cpe1/0  no IKE SA"
    assert lines[2] == "· bgp      branch1/cpe1/0  waits for step tunnel"
    assert lines[4].startswith("✗ GSA-IKE-020  Pre-shared keys differ")
    assert lines[-1] == "1 of 3 steps passed after 8.2 s"


def test_what_is_likely_is_told_in_a_line_once_and_whole_at_the_end() -> None:
    printed: list[str] = []
    text, whole = render.Text(printed.append), result()
    likely = replace(whole.findings[0], certainty=Certainty.LIKELY)
    text.likely(likely, 41.2)
    text.likely(likely, 40.9)
    assert printed == ["… likely   branch1/cpe1/0  GSA-IKE-020  Pre-shared keys differ; waiting 41 s more"]
    text.finish(replace(whole, findings=(likely,)))
    assert "✗ GSA-IKE-020  Pre-shared keys differ" in "\n".join(printed[1:])


def test_a_step_is_printed_once_when_it_passes() -> None:
    printed: list[str] = []
    text, whole = render.Text(printed.append), result()
    text.update(whole.steps)
    text.update(whole.steps)
    assert printed == ["✓ tunnel   branch2/cpe1/0  CHILD SA"]
    text.finish(whole)
    assert printed[1] == "✗ tunnel   branch1/cpe1/0  no IKE SA"


def test_a_step_that_passed_and_then_failed_is_told_twice() -> None:
    printed: list[str] = []
    text, whole = render.Text(printed.append), result()
    text.update(whole.steps)
    lost = replace(whole.steps[0], status=Status.FAILED, saw="no IKE SA")
    text.finish(replace(whole, steps=(lost, *whole.steps[1:])))
    assert printed[1] == "✗ tunnel   branch2/cpe1/0  no IKE SA"


def test_json_says_whether_all_is_well() -> None:
    as_json = json.loads(json.dumps(render.as_json(result())))
    assert (as_json["ok"], as_json["seconds"]) == (False, 8.25)
    assert [step["status"] for step in as_json["steps"]] == ["passed", "failed", "skipped"]
    assert [finding["code"] for finding in as_json["findings"]] == ["GSA-IKE-020"]


def test_junit_has_a_test_case_per_tunnel_and_step() -> None:
    suites = junit(result())
    assert suites.tag == "testsuites"
    (suite,) = suites
    assert {name: suite.get(name) for name in ("tests", "failures", "skipped", "errors")} == {
        "tests": "3",
        "failures": "1",
        "skipped": "1",
        "errors": "0",
    }
    passed, failed, skipped = suite
    assert (passed.get("classname"), passed.get("name"), passed.get("time")) == (
        *("branch2/cpe1/0", "tunnel"),
        "5.500",
    )
    failure = failed.find("failure")
    assert failure is not None
    assert failure.get("message") == "GSA-IKE-020 Pre-shared keys differ"
    assert "on the CPE: " in (failure.text or "")
    assert skipped.find("skipped") is not None


def test_a_failed_step_without_a_finding_still_says_what_it_saw() -> None:
    suites = junit(replace(result(), findings=()))
    (suite,) = suites
    failure = suite[1].find("failure")
    assert failure is not None
    assert (failure.get("message"), failure.text) == ("no IKE SA", "no IKE SA")


def test_a_finding_spoils_a_check_whose_steps_all_passed() -> None:
    mixed = result()
    assert not replace(mixed, steps=mixed.steps[:1]).ok
    assert replace(mixed, steps=mixed.steps[:1], findings=()).ok
    assert not replace(mixed, findings=()).ok


def test_junit_has_a_case_for_a_finding_of_a_tunnel_whose_steps_all_passed() -> None:
    mixed = result()
    passed = replace(mixed, steps=(replace(mixed.steps[0], tunnel=TUNNEL),))
    suites = junit(passed)
    assert (suites.get("tests"), suites.get("failures")) == ("2", "1")
    case = suites[0][1]
    assert (case.get("classname"), case.get("name")) == (TUNNEL, "GSA-IKE-020")
    assert case.find("failure") is not None


def test_a_warning_is_a_case_of_junit_that_passes() -> None:
    mixed = result()
    (finding,) = mixed.findings
    warned = replace(
        mixed, steps=mixed.steps[:1], findings=(replace(finding, severity=Severity.WARNING, tunnel=None),)
    )
    suites = junit(warned)
    assert (suites.get("tests"), suites.get("failures")) == ("2", "0")
    assert "GSA-IKE-020" in (suites[0][1].findtext("system-out") or "")


@pytest.mark.parametrize("number", [1, 2])
def test_every_format_tells_every_finding_in_the_same_words(number: int) -> None:
    mixed = result()
    other = replace(mixed.findings[0], code="GSA-BGP-001", tunnel="branch2/cpe1/0")
    whole = replace(mixed, findings=(*mixed.findings, other)[:number])
    printed: list[str] = []
    render.Text(printed.append).finish(whole)
    text, junit = "\n".join(printed), render.junit(whole)
    results = render.azure(whole)["results"]
    for finding in whole.findings:
        assert finding_text(finding) in text
        assert escape(finding_text(finding)) in junit
        assert finding.as_json() in render.as_json(whole)["findings"]
        assert any(each["id"] == finding.code and finding.saw in each["detailed"] for each in results)
    assert [each["id"] for each in results] == [finding.code for finding in whole.findings]


def test_azure_names_a_failed_step_that_no_finding_explains() -> None:
    shaped = render.azure(replace(result(), findings=()))
    assert shaped["code"] == "UnHealthy"
    assert [(each["id"], each["detailed"]) for each in shaped["results"]] == [("tunnelNotUp", "no IKE SA")]
