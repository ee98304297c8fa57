"""``gsalab explain``."""

import json

from typer.testing import CliRunner

from gateway.cli.errors import Status
from gateway.cli.main import app
from gateway.diagnosis.rules import RULES

CLI = CliRunner()


def test_a_code_prints_its_page() -> None:
    done = CLI.invoke(app, ["explain", "gsa-ike-020"])
    assert done.exit_code == Status.OK
    assert done.stdout.startswith("GSA-IKE-020  Pre-shared keys differ")
    assert "\nFIX\n" in done.stdout


def test_without_a_code_all_are_listed() -> None:
    done = CLI.invoke(app, ["explain"])
    assert [line.split()[0] for line in done.stdout.splitlines()] == [rule.code for rule in RULES]


def test_an_unknown_code_is_bad_input_and_names_the_nearest() -> None:
    done = CLI.invoke(app, ["explain", "GSA-IKE-099"])
    assert done.exit_code == Status.BAD_INPUT
    assert "no finding has the code GSA-IKE-099" in done.stderr
    assert "did you mean GSA-IKE-0" in done.stderr


def test_json_has_the_same_texts() -> None:
    page = json.loads(CLI.invoke(app, ["explain", "GSA-BGP-001", "-o", "json"]).stdout)
    assert (page["code"], page["step"], page["certainty"]) == ("GSA-BGP-001", "BGP", "likely")
    assert {"symptom", "cause", "proof", "fix", "service", "docs"} <= set(page)
    pages = json.loads(CLI.invoke(app, ["explain", "-o", "json"]).stdout)
    assert len(pages) == len(RULES)
