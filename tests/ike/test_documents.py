"""The documents say what the code does, and the tests that they name exist."""

import re
from pathlib import Path

import pytest

from ike.collisions import EXCEPTIONS, Asked
from ike.state import State
from tests.ike.documents import COLLISIONS, STATES, parts, renewed

TESTS = Path(__file__).parent
ROOT = TESTS.parents[1]
RULES = COLLISIONS.with_name("ike-rules.md")
MODULE = re.compile(r"\| `([\w/]+\.py)` \|")
RULE_TESTS = re.compile(r"`([\w/]+\.py)::(\w+)`")
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


@pytest.mark.parametrize("path", [COLLISIONS, STATES], ids=lambda path: path.name)
def test_the_generated_parts_are_up_to_date(path: Path) -> None:
    """To bring them up to date: ``python -m tests.ike.documents``."""
    text = path.read_text()
    assert renewed(text, parts()[path]) == text


def test_every_situation_names_its_test_and_the_test_exists() -> None:
    rows = [line for line in COLLISIONS.read_text().splitlines() if line.startswith("|") and "§" in line]
    assert len(rows) > 50
    for row in rows:
        named = NAMED.findall(row)
        assert named, row
        for file, test in named:
            assert f"\ndef {test}(" in (TESTS / file).read_text(), f"{file}::{test}"


def test_every_rule_names_its_test_and_both_test_and_module_exist() -> None:
    rows = [line for line in RULES.read_text().splitlines() if line.startswith("| ") and ".py" in line]
    assert len(rows) > 100
    for row in rows:
        ((file, test),) = RULE_TESTS.findall(row)
        text = (ROOT / "tests" / file).read_text()
        assert re.search(rf"^((async )?def {test}\(|{test} = )", text, re.MULTILINE), f"{file}::{test}"
        for module in MODULE.findall(row):
            assert any((ROOT / room / module).is_file() for room in ("ike", "")), module


def test_a_stale_part_is_noticed() -> None:
    text = STATES.read_text()
    assert renewed(text.replace(State.UNDECIDED.name, "SOMETHING"), parts()[STATES]) != text.replace(
        State.UNDECIDED.name, "SOMETHING"
    )


def test_the_table_of_exceptions_has_every_request_but_the_delete_of_the_ike_sa() -> None:
    assert {asked for asked, _ in EXCEPTIONS} == set(Asked) - {Asked.DELETE_IKE}
    table = parts()[COLLISIONS]["exceptions"]
    assert all(asked.value in table and under_way.value in table for asked, under_way in EXCEPTIONS)
