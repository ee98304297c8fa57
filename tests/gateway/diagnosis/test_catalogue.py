"""The catalogue of failures: complete, consistent and fresh."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gateway.diagnosis import catalogue
from gateway.diagnosis.catalogue import reproduction
from gateway.diagnosis.rule import DOCS, Rule
from gateway.diagnosis.rules import RULES

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted((ROOT / "gateway/diagnosis/rules").glob("*_[0-9][0-9][0-9]_*.py"))


def test_the_documentation_is_fresh() -> None:
    """``python -m gateway.diagnosis.catalogue docs/failures`` makes it so, from rules, scenarios and logs."""
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
    for heading in ("SYMPTOM", "CAUSE", "PROOF", "FIX", "WHAT THE REAL SERVICE SHOWS"):
        assert f"\n{heading}\n  " in text
    assert text.startswith(f"{rule.code}  {rule.title}")


@pytest.mark.parametrize("typed", ["GSA-IKE-010", "gsa-ike-010", "ike-10", "IKE-010", " ike010 "])
def test_codes_may_be_typed_loosely(typed: str) -> None:
    assert catalogue.rule_of(typed).code == "GSA-IKE-010"


def test_an_unknown_code_comes_with_the_nearest_ones() -> None:
    with pytest.raises(catalogue.UnknownCode) as caught:
        catalogue.rule_of("GSA-BGP-099")
    assert all(code.startswith("GSA-BGP-") for code in caught.value.nearest)


def test_the_list_has_every_code() -> None:
    assert len(catalogue.list_text().splitlines()) == len(RULES)


def test_a_page_shows_the_log_of_the_cpe_and_the_scenarios_that_reproduce_the_code() -> None:
    text = catalogue.page_text(catalogue.rule_of("ike-20"))
    assert "    gsalab lab run psk-mismatch --fix" in text
    assert "      [IKE] received AUTHENTICATION_FAILED notify error" in text


def test_a_page_says_when_the_log_is_that_of_a_probe() -> None:
    text = " ".join(catalogue.page_text(catalogue.rule_of("ike-37")).split())
    assert (
        "In scenario esp-gcm-with-hmac, where a probe of the lab stands in for the CPE; "
        "the lines are the probe's: probe [IKE] initiating" in text
    )
    assert "probe" not in catalogue.page_text(catalogue.rule_of("ike-20"))


def test_the_page_as_json_has_the_same_scenarios_and_logs() -> None:
    (scenario,) = [
        each
        for each in catalogue.as_json(catalogue.rule_of("ike-20"))["scenarios"]
        if each["scenario"] == "psk-mismatch"
    ]
    assert scenario["run_fixed"] == "gsalab lab run psk-mismatch --fix"
    assert "[IKE] received AUTHENTICATION_FAILED notify error" in scenario["cpe_logs"]["charon"]


def test_the_picture_has_every_step_and_every_code() -> None:
    picture = ET.fromstring(catalogue.documents()["steps.svg"])  # noqa: S314 - our own
    texts = " ".join(picture.itertext())
    assert [rule.code for rule in RULES if rule.code not in texts] == []
    for step in ("first datagram", "IKE_SA_INIT", "IKE_AUTH", "CHILD SA", "BGP", "routes", "traffic"):
        assert step in texts


def test_every_link_of_the_documentation_leads_somewhere() -> None:
    documents = catalogue.documents()
    links = [link for text in documents.values() for link in re.findall(r"\]\(([^)#]+)\)", text)]
    assert links
    assert {link for link in links if link not in documents} == set()


def test_the_log_of_the_cpe_is_recorded_for_every_failure_scenario_and_no_other() -> None:
    """``python -m gateway.diagnosis.catalogue docs/failures --record`` records those that are missing."""
    assert set(reproduction.recorded_logs()) == {each.scenario for each in reproduction.every()}


def test_every_code_of_a_scenario_is_a_code_of_the_catalogue() -> None:
    codes = {code for each in reproduction.every() for code in each.expect}
    assert codes <= {rule.code for rule in RULES}
