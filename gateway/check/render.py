"""The result of a check as text, as JSON, as JUnit XML for pipelines, and as Azure shapes such results."""

from collections.abc import Callable, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from gateway.check.steps import STEPS, Status, Step
from gateway.check.wait import Result, errors
from gateway.diagnosis import Finding, render
from gateway.diagnosis.azure import troubleshooting_result
from gateway.diagnosis.finding import Paint, unpainted

_MARKS = {Status.PASSED: "✓", Status.FAILED: "✗", Status.SKIPPED: "·"}
_STYLES = {Status.PASSED: "ok", Status.FAILED: "error", Status.SKIPPED: "label"}


class Text:
    """Prints a check while it runs: each step as it passes, the others and the findings at the end.

    Args:
        echo: Prints a text, with a line break behind it.
        paint: Colours a text.
    """

    def __init__(self, echo: Callable[[str], None], paint: Paint = unpainted) -> None:
        self._echo = echo
        self._paint = paint
        self._printed: set[tuple[str, str]] = set()
        self._told: set[tuple[str, str | None]] = set()

    def update(self, steps: Sequence[Step]) -> None:
        """Print the steps that have passed since the last time."""
        for step in steps:
            if step.status is Status.PASSED and (step.tunnel, step.name) not in self._printed:
                self._printed.add((step.tunnel, step.name))
                self._echo(step_line(step, steps, self._paint))

    def likely(self, finding: Finding, left: float) -> None:
        """Print in a line, once, what is not certain yet; if it stands at the end, it is printed whole."""
        if (finding.code, finding.tunnel) not in self._told:
            self._told.add((finding.code, finding.tunnel))
            tunnel = f"  {finding.tunnel}" if finding.tunnel else ""
            mark = self._paint("…", "label")
            head = f"{mark} {finding.certainty:<7}{tunnel}  {finding.code}  {finding.title}"
            self._echo(f"{head}; waiting {left:.0f} s more")

    def finish(self, result: Result) -> None:
        """Print what is left to say; a step that has passed and fails now is printed again."""
        self.update(result.steps)
        for step in result.steps:
            if step.status is not Status.PASSED:
                self._echo(step_line(step, result.steps, self._paint))
        for finding in result.findings:
            self._echo("\n" + render(finding, self._paint))
        passed = sum(step.status is Status.PASSED for step in result.steps)
        self._echo(f"\n{passed} of {len(result.steps)} steps passed after {result.seconds:.1f} s")


def step_line(step: Step, steps: Sequence[Step], paint: Paint = unpainted) -> str:
    """``✓ tunnel   branch1/cpe1/0  CHILD SA AES_GCM_16-256, ESP in UDP, since 11:02:03 (UTC)``.

    The columns are as wide as all ``steps`` need.
    """
    names, tunnels = max(map(len, STEPS)), max(len(each.tunnel) for each in steps)
    mark = paint(_MARKS[step.status], _STYLES[step.status])
    return f"{mark} {step.name:<{names}}  {step.tunnel:<{tunnels}}  {step.saw}"


def as_json(result: Result) -> dict[str, Any]:
    """``{"ok", "started", "seconds", "steps": [...], "findings": [...]}``."""
    return {
        "ok": result.ok,
        "started": result.started,
        "seconds": round(result.seconds, 3),
        "steps": [step.as_json() for step in result.steps],
        "findings": [finding.as_json() for finding in result.findings],
    }


def azure(result: Result) -> dict[str, Any]:
    """The result in the shape of Azure Network Watcher; failed steps without a finding are results too."""
    unexplained = [
        (f"{step.name}NotUp", f"{step.tunnel}: step {step.name} failed", step.saw)
        for step in result.steps
        if step.status is Status.FAILED and not _findings_of(step.tunnel, result)
    ]
    return troubleshooting_result(
        result.findings,
        start=result.started,
        end=result.started + result.seconds,
        healthy=result.ok,
        unexplained=unexplained,
    )


def junit(result: Result) -> str:
    """JUnit XML: one test case per tunnel and step, and one per finding that belongs to no failed step.

    A failed step carries the findings of its tunnel; a warning is no failure.
    """
    loose = _loose(result)
    failed = sum(step.status is Status.FAILED for step in result.steps) + len(errors(loose))
    counts = {
        "tests": str(len(result.steps) + len(loose)),
        "failures": str(failed),
        "errors": "0",
        "skipped": str(sum(step.status is Status.SKIPPED for step in result.steps)),
        "time": f"{result.seconds:.3f}",
    }
    suites = ET.Element("testsuites", counts)
    suite = ET.SubElement(suites, "testsuite", {"name": "gsalab check", **counts})
    for step in result.steps:
        _case(suite, step, result)
    for finding in loose:
        _finding_case(suite, finding)
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _loose(result: Result) -> list[Finding]:
    """The findings that no failed step carries."""
    failed = {step.tunnel for step in result.steps if step.status is Status.FAILED}
    return [f for f in result.findings if not (f.tunnel in failed or (f.tunnel is None and failed))]


def _finding_case(suite: ET.Element, finding: Finding) -> None:
    case = ET.SubElement(
        suite, "testcase", {"classname": finding.tunnel or "gateway", "name": finding.code, "time": "0.000"}
    )
    if errors([finding]):
        message = f"{finding.code} {finding.title}"
        ET.SubElement(case, "failure", {"message": message, "type": "gsalab"}).text = render(finding)
    else:
        ET.SubElement(case, "system-out").text = render(finding)


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
