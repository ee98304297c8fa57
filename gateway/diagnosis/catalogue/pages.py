"""The page of a code, for the terminal and as JSON."""

import difflib
import re
import textwrap
from dataclasses import dataclass
from typing import Any

from gateway.diagnosis.catalogue.reproduction import Reproduction, reproductions
from gateway.diagnosis.rule import Rule, Step
from gateway.diagnosis.rules import RULES

WIDTH = 100
STEPS = {
    Step.FRONT_DOOR: "first datagram",
    Step.IKE_SA_INIT: "IKE_SA_INIT",
    Step.IKE_AUTH: "IKE_AUTH",
    Step.CHILD_SA: "CHILD SA",
    Step.BGP: "BGP",
    Step.ROUTES: "routes",
    Step.TRAFFIC: "traffic",
}
"""The steps in the field's own words."""
_NEAREST = 3
_PROBE = "probe"
"""The source of logs that are no router's; see ``gateway.lab.probe``."""


class UnknownCode(Exception):
    """No rule has the code; ``nearest`` are the codes that look like it, at least one."""

    def __init__(self, code: str, nearest: list[str]) -> None:
        super().__init__(f"no finding has the code {code}")
        self.nearest = nearest


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a page.

    Args:
        name: In the JSON form.
        heading: In the documentation.
        blocks: Paragraphs of text; a tuple of lines is printed as it is.
    """

    name: str
    heading: str
    blocks: tuple[str | tuple[str, ...], ...]


def rule_of(code: str) -> Rule:
    """The rule of a code, in any case, with or without ``GSA-``: ``ike-10``, ``GSA-IKE-010``.

    Raises:
        UnknownCode: No rule has it.
    """
    wanted = _canonical(code)
    by_code = {rule.code: rule for rule in RULES}
    if wanted in by_code:
        return by_code[wanted]
    nearest = difflib.get_close_matches(wanted, by_code, n=_NEAREST, cutoff=0.0)
    raise UnknownCode(code, nearest)


def as_json(rule: Rule) -> dict[str, Any]:
    """The page as a JSON object."""
    page = rule.page
    return {
        "code": rule.code,
        "title": rule.title,
        "step": STEPS[rule.step],
        "severity": rule.severity.value,
        "certainty": rule.certainty.value,
        "symptom": page.symptom,
        "cause": page.cause,
        "proof": page.proof,
        "fix": page.fix,
        "service": page.service,
        "scenarios": [each.as_json() for each in reproductions(rule.code)],
        "docs": rule.docs,
    }


def page_text(rule: Rule) -> str:
    """The page for a terminal."""
    facts = f"step: {STEPS[rule.step]} · certainty: {rule.certainty}"
    parts = (
        f"{section.heading.upper()}\n" + "\n\n".join(map(_indented, section.blocks))
        for section in sections(rule)
    )
    return "\n\n".join([f"{rule.code}  {rule.title}\n{facts}", *parts])


def list_text() -> str:
    """Every code with its title, one per line, by step."""
    return "\n".join(f"{rule.code}  {STEPS[rule.step]:<16}{rule.title}" for rule in RULES)


def sections(rule: Rule) -> list[Section]:
    """What a page has to say, in order; sections without anything are left out."""
    page, scenarios = rule.page, reproductions(rule.code)
    every = [
        Section(name="symptom", heading="Symptom", blocks=(page.symptom,)),
        Section(name="cpe_log", heading="What the CPE's own log shows", blocks=_log_blocks(scenarios)),
        Section(name="cause", heading="Cause", blocks=(page.cause,)),
        Section(name="proof", heading="Proof", blocks=(page.proof,)),
        Section(name="fix", heading="Fix", blocks=(page.fix,)),
        Section(name="reproduce", heading="How to reproduce it", blocks=_scenario_blocks(scenarios)),
        Section(name="service", heading="What the real service shows", blocks=(page.service,)),
    ]
    return [section for section in every if section.blocks]


def _log_blocks(scenarios: list[Reproduction]) -> tuple[str | tuple[str, ...], ...]:
    """Each different excerpt once, with the scenarios that gave it."""
    blocks: list[str | tuple[str, ...]] = []
    seen: dict[tuple[str, ...], list[str]] = {}
    for each in scenarios:
        lines = tuple(
            line for source, chosen in each.logs.items() for line in (source, *(f"  {c}" for c in chosen))
        )
        if lines:
            seen.setdefault(lines, []).append(each.scenario)
    for lines, names in seen.items():
        probe = ", where a probe of the lab stands in for the CPE; the lines are the probe's" * (
            lines[0].split()[0] == _PROBE
        )
        blocks += [f"In scenario {' and '.join(names)}{probe}:", lines]
    return tuple(blocks)


def _scenario_blocks(scenarios: list[Reproduction]) -> tuple[str | tuple[str, ...], ...]:
    blocks: list[str | tuple[str, ...]] = []
    for each in scenarios:
        others = f" It also gives {', '.join(each.expect)}." if len(each.expect) > 1 else ""
        blocks += [
            f"{each.title}. {each.wrong}{others} With --fix: {each.fix}",
            (each.command, f"{each.command} --fix"),
        ]
    return tuple(blocks)


def _indented(block: str | tuple[str, ...]) -> str:
    if isinstance(block, tuple):
        return "\n".join(f"    {line}" for line in block)
    return textwrap.fill(
        block,
        WIDTH,
        initial_indent="  ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _canonical(code: str) -> str:
    """``ike-10`` as ``GSA-IKE-010``."""
    parts = re.fullmatch(r"(?:GSA-?)?([A-Z]+)-?(\d{1,3})", code.strip().upper())
    return f"GSA-{parts[1]}-{parts[2]:0>3}" if parts else code.strip().upper()
