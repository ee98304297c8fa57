"""The catalogue of failures: the page of each code, for the terminal and for the documentation.

``python -m gateway.diagnosis.catalogue docs/failures`` writes the documentation.
"""

import difflib
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

from gateway.diagnosis.rule import Rule, Step
from gateway.diagnosis.rules import RULES

INDEX = "README.md"
_WIDTH = 100
_NEAREST = 3
_STEPS = {
    Step.FRONT_DOOR: "first datagram",
    Step.IKE_SA_INIT: "IKE_SA_INIT",
    Step.IKE_AUTH: "IKE_AUTH",
    Step.CHILD_SA: "CHILD SA",
    Step.BGP: "BGP",
    Step.ROUTES: "routes",
    Step.TRAFFIC: "traffic",
}
_GENERATED = "<!-- Generated from gateway/diagnosis/rules by `python -m gateway.diagnosis.catalogue`. -->"


class UnknownCode(Exception):
    """No rule has the code; ``nearest`` are the codes that look like it, at least one."""

    def __init__(self, code: str, nearest: list[str]) -> None:
        super().__init__(f"no finding has the code {code}")
        self.nearest = nearest


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
    return {
        "code": rule.code,
        "title": rule.title,
        "step": _STEPS[rule.step],
        "severity": rule.severity.value,
        "certainty": rule.certainty.value,
        **dict(_sections(rule)),
        "docs": rule.docs,
    }


def page_text(rule: Rule) -> str:
    """The page for a terminal."""
    paragraphs = (
        f"{title.upper()}\n{textwrap.fill(text, _WIDTH, initial_indent='  ', subsequent_indent='  ')}"
        for title, text in _sections(rule)
    )
    facts = f"step: {_STEPS[rule.step]} · certainty: {rule.certainty}"
    return "\n\n".join([f"{rule.code}  {rule.title}\n{facts}", *paragraphs])


def list_text() -> str:
    """Every code with its title, one per line, by step."""
    return "\n".join(f"{rule.code}  {_STEPS[rule.step]:<16}{rule.title}" for rule in RULES)


def documents() -> dict[str, str]:
    """The documentation: file name to text."""
    pages = {f"{rule.code}.md": _page_markdown(rule) for rule in RULES}
    rows = [f"| [{r.code}]({r.code}.md) | {_STEPS[r.step]} | {r.title} | {r.certainty} |" for r in RULES]
    index = [
        _GENERATED,
        "# Failures",
        "",
        "What `gsalab check` can find, in the order in which a tunnel comes up: the first step that fails is",
        "named, what follows from it is not. `gsalab explain CODE` prints the same pages.",
        "",
        "| code | step | finding | certainty |",
        "|---|---|---|---|",
        *rows,
    ]
    return pages | {INDEX: "\n".join(index) + "\n"}


def _canonical(code: str) -> str:
    """``ike-10`` as ``GSA-IKE-010``."""
    parts = re.fullmatch(r"(?:GSA-?)?([A-Z]+)-?(\d{1,3})", code.strip().upper())
    return f"GSA-{parts[1]}-{parts[2]:0>3}" if parts else code.strip().upper()


def _sections(rule: Rule) -> list[tuple[str, str]]:
    page = rule.page
    return [
        ("symptom", page.symptom),
        ("cause", page.cause),
        ("proof", page.proof),
        ("fix", page.fix),
        ("service", page.service),
    ]


_HEADINGS = {
    "symptom": "Symptom",
    "cause": "Cause",
    "proof": "Proof",
    "fix": "Fix",
    "service": "What the real service shows",
}


def _page_markdown(rule: Rule) -> str:
    lines = [
        _GENERATED,
        f"# {rule.code}: {rule.title}",
        "",
        f"Step: {_STEPS[rule.step]}. Certainty: {rule.certainty}. [All failures]({INDEX})",
    ]
    for name, text in _sections(rule):
        lines += ["", f"## {_HEADINGS[name]}", "", *textwrap.wrap(text, _WIDTH, break_long_words=False)]
    return "\n".join(lines) + "\n"


def _write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _write(Path(sys.argv[1]))
