"""The catalogue of failures: complete, consistent and fresh."""

from pathlib import Path

import pytest

from gateway.diagnosis import catalogue
from gateway.diagnosis.rule import DOCS, Rule
from gateway.diagnosis.rules import RULES

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted((ROOT / "gateway/diagnosis/rules").glob("*_[0-9][0-9][0-9]_*.py"))


def test_the_documentation_is_fresh() -> None:
    """``python -m gateway.diagnosis.catalogue docs/failures`` makes it so."""
    written = {file.name: file.read_text(encoding="utf-8") for file in (ROOT / DOCS).iterdir()}
    assert written == catalogue.documents()


def test_every_rule_has_a_file_a_code_and_a_page_of_its_own() -> None:
    from_files = {f"GSA-{kind.upper()}-{number}" for kind, number, *_ in (f.stem.split("_") for f in FILES)}
    assert {rule.code for rule in RULES} == from_files
    assert len(RULES) == len(FILES)


def test_rules_are_asked_in_the_order_of_the_steps() -> None:
    assert [rule.step for rule in RULES] == sorted(rule.step for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_page_has_every_section(rule: Rule) -> None:
    text = catalogue.page_text(rule)
    for heading in ("SYMPTOM", "CAUSE", "PROOF", "FIX", "SERVICE"):
        assert f"\n{heading}\n  " in text
    assert text.startswith(f"{rule.code}  {rule.title}")


@pytest.mark.parametrize("typed", ["GSA-IKE-010", "gsa-ike-010", "ike-10", "IKE-010", " ike010 "])
def test_codes_may_be_typed_loosely(typed: str) -> None:
    assert catalogue.rule_of(typed).code == "GSA-IKE-010"


def test_an_unknown_code_comes_with_the_nearest_ones() -> None:
    with pytest.raises(catalogue.UnknownCode) as caught:
        catalogue.rule_of("GSA-BGP-004")
    assert all(code.startswith("GSA-BGP-") for code in caught.value.nearest)


def test_the_list_has_every_code() -> None:
    assert len(catalogue.list_text().splitlines()) == len(RULES)
