"""The catalogue as files: a page for each code, the index, and the picture of the steps."""

import textwrap
from pathlib import Path

from gateway.diagnosis.catalogue.pages import STEPS, WIDTH, sections
from gateway.diagnosis.catalogue.picture import picture
from gateway.diagnosis.rule import Rule, Step
from gateway.diagnosis.rules import RULES

INDEX = "README.md"
PICTURE = "steps.svg"
_GENERATED = (
    "<!-- Generated from gateway/diagnosis/rules and gateway/lab/scenarios/failures"
    " by `python -m gateway.diagnosis.catalogue`. -->"
)


def documents() -> dict[str, str]:
    """The documentation: file name to text."""
    pages = {f"{rule.code}.md": _page(rule) for rule in RULES}
    return pages | {INDEX: _index(), PICTURE: picture(RULES, STEPS)}


def write(folder: Path) -> None:
    """Write the documentation, and remove pages of codes that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = documents()
    for old in folder.iterdir():
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def _index() -> str:
    lines = [
        _GENERATED,
        "# Failures",
        "",
        "What `gsalab check` can find, in the order in which a tunnel comes up: the first step that fails is",
        "named, what follows from it is not. `gsalab explain CODE` prints the same pages; `gsalab lab list`",
        "names the scenarios that reproduce them, `gsalab lab run --all` runs all of them.",
        "",
        f"![The steps of a tunnel coming up, and the codes of each]({PICTURE})",
    ]
    for step in Step:
        rules = [rule for rule in RULES if rule.step is step]
        if rules:
            lines += [
                "",
                f"## {STEPS[step]}",
                "",
                "| code | finding | severity | certainty |",
                "|---|---|---|---|",
            ]
            lines += [
                f"| [{r.code}]({r.code}.md) | {r.title} | {r.severity} | {r.certainty} |" for r in rules
            ]
    return "\n".join(lines) + "\n"


def _page(rule: Rule) -> str:
    facts = f"Step: {STEPS[rule.step]}. Severity: {rule.severity}. Certainty: {rule.certainty}."
    lines = [_GENERATED, f"# {rule.code}: {rule.title}", "", f"{facts} [All failures]({INDEX})"]
    for section in sections(rule):
        lines += ["", f"## {section.heading}"]
        for block in section.blocks:
            lines += ["", *(_code(block) if isinstance(block, tuple) else _paragraph(block))]
    return "\n".join(lines) + "\n"


def _paragraph(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _code(lines: tuple[str, ...]) -> list[str]:
    return ["```", *lines, "```"]
