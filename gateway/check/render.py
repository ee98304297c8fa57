"""The result of a check as text, as JSON, and as JUnit XML for pipelines."""

from typing import Any
from xml.etree import ElementTree as ET

from gateway.check.steps import STEPS, Status, Step
from gateway.check.wait import Result
from gateway.diagnosis import Finding, render
from gateway.diagnosis.finding import Paint, unpainted

_MARKS = {Status.PASSED: "✓", Status.FAILED: "✗", Status.SKIPPED: "·"}
_STYLES = {Status.PASSED: "ok", Status.FAILED: "error", Status.SKIPPED: "label"}


def text(result: Result, paint: Paint = unpainted) -> str:
    """One line per step, then the findings."""
    lines = step_lines(result.steps, paint)
    findings = [render(finding, paint) for finding in result.findings]
    passed = sum(step.status is Status.PASSED for step in result.steps)
    verdict = f"{passed} of {len(result.steps)} steps passed after {result.seconds:.1f} s"
    return "\n\n".join(["\n".join(lines), *findings, verdict])


def step_lines(steps: tuple[Step, ...], paint: Paint = unpainted) -> list[str]:
    """``✓ tunnel   branch1/cpe1/0  CHILD SA AES_GCM_16-256, ESP in UDP, since 11:02:03 (UTC)``."""
    name_width = max(map(len, STEPS))
    width = max((len(step.tunnel) for step in steps), default=0)
    return [
        f"{paint(_MARKS[s.status], _STYLES[s.status])} {s.name:<{name_width}}  {s.tunnel:<{width}}  {s.saw}"
        for s in steps
    ]


def as_json(result: Result) -> dict[str, Any]:
    """``{"ok", "started", "seconds", "steps": [...], "findings": [...]}``."""
    return {
        "ok": result.ok,
        "started": result.started,
        "seconds": round(result.seconds, 3),
        "steps": [step.as_json() for step in result.steps],
        "findings": [finding.as_json() for finding in result.findings],
    }


def junit(result: Result) -> str:
    """JUnit XML: one test case per tunnel and step; a failed one carries the findings of its tunnel."""
    count = {status: sum(step.status is status for step in result.steps) for status in Status}
    counts = {
        "tests": str(len(result.steps)),
        "failures": str(count[Status.FAILED]),
        "errors": "0",
        "skipped": str(count[Status.SKIPPED]),
        "time": f"{result.seconds:.3f}",
    }
    suites = ET.Element("testsuites", counts)
    suite = ET.SubElement(suites, "testsuite", {"name": "gsalab check", **counts})
    for step in result.steps:
        _case(suite, step, result)
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ET.Element, step: Step, result: Result) -> None:
    took = max(0.0, step.time - result.started) if step.time else 0.0
    case = ET.SubElement(
        suite, "testcase", {"classname": step.tunnel, "name": step.name, "time": f"{took:.3f}"}
    )
    if step.status is Status.SKIPPED:
        ET.SubElement(case, "skipped", {"message": step.saw})
    elif step.status is Status.FAILED:
        findings = _findings_of(step.tunnel, result)
        message = "; ".join(f"{f.code} {f.title}" for f in findings) or step.saw
        failure = ET.SubElement(case, "failure", {"message": message, "type": "gsalab"})
        failure.text = "\n\n".join([step.saw, *map(render, findings)])
    else:
        ET.SubElement(case, "system-out").text = step.saw


def _findings_of(tunnel: str, result: Result) -> list[Finding]:
    return [finding for finding in result.findings if finding.tunnel in (tunnel, None)]
