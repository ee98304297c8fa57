"""What a person sees of many runs."""

import io
import time
from dataclasses import replace

import pytest

from gateway.lab.all import Outcome
from gateway.lab.view import OutcomeTable

PSK = "GSA-IKE-020"


def outcome(
    scenario: str, *found: str, expected: tuple[str, ...] = (), problems: tuple[str, ...] = ()
) -> Outcome:
    return Outcome(scenario=scenario, expected=expected, found=found, problems=problems, seconds=3.6)


def printed(*outcomes: Outcome) -> list[str]:
    file = io.StringIO()
    table = OutcomeTable([each.scenario for each in outcomes], file)
    for each in outcomes:
        table.begin(each.scenario)
        table.add(each)
    table.close()
    table.end(outcomes)
    return file.getvalue().splitlines()


def test_each_run_is_a_plain_line_with_what_was_expected_and_found() -> None:
    lines = printed(outcome("basic"), outcome("psk-mismatch", PSK, expected=(PSK,)))
    assert lines[0] == "2 scenarios, each with what it has to find"
    assert lines[3].split() == ["1/2", "✓", "basic", "works", "works", "4", "s"]
    assert lines[4].split() == ["2/2", "✓", "psk-mismatch", PSK, PSK, "4", "s"]
    assert lines[-2] == "✓ all 2 scenarios are as expected"
    assert lines[-1].startswith("  no extra finding, ")


def test_what_is_not_as_expected_is_marked_with_its_problems_and_named_in_the_sum() -> None:
    problem = f"expected {PSK}, which was not found\nand [more]"
    lines = printed(
        outcome("basic", "GSA-NAT-001"),
        outcome("psk-mismatch", expected=(PSK,), problems=(problem,)),
    )
    assert lines[3].split() == ["1/2", "✗", "basic", "works", "extra", "GSA-NAT-001", "4", "s"]
    assert lines[4].split() == ["2/2", "✗", "psk-mismatch", PSK, "nothing", "4", "s"]
    assert [line.strip() for line in lines[5:7]] == [f"expected {PSK}, which was not found", "and [more]"]
    assert lines[8] == "✗ 2 of 2 scenarios are not as expected"
    assert lines[9].startswith("  1 extra finding, ")


def test_what_failed_is_told_as_commands_that_run_it_alone() -> None:
    lines = printed(outcome("basic", "GSA-NAT-001"), outcome("psk-mismatch", PSK, expected=(PSK,)))
    assert lines[-2:] == ["Run alone what failed, with all that it shows:", "  gsalab lab run basic"]


def test_a_fix_that_failed_is_run_alone_with_the_fix() -> None:
    file = io.StringIO()
    table = OutcomeTable(
        ["psk-mismatch", "basic"], file, jobs=2, fixed=True, again="gsalab lab run --backend docker"
    )
    table.end([replace(outcome("psk-mismatch", PSK), fixed=True), outcome("basic", "GSA-NAT-001")])
    lines = file.getvalue().splitlines()
    assert lines[0] == "2 scenarios, 2 at a time, each failure with its fix"
    assert lines[-2:] == [
        "  gsalab lab run --backend docker psk-mismatch --fix",
        "  gsalab lab run --backend docker basic",
    ]


def test_what_was_found_beside_the_expected_is_called_extra() -> None:
    lines = printed(outcome("psk-mismatch", "GSA-NAT-001", PSK, expected=(PSK,)))
    assert lines[3].split() == ["1/1", "✗", "psk-mismatch", PSK, PSK, "extra", "GSA-NAT-001", "4", "s"]


def test_a_long_run_is_told_in_minutes() -> None:
    file = io.StringIO()
    started = time.monotonic()
    table = OutcomeTable(["basic"], file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: started + 425)
        table.end([outcome("basic")])
    assert file.getvalue().endswith("no extra finding, 7 min 5 s\n")


def test_no_line_of_what_runs_where_output_is_no_terminal() -> None:
    file = io.StringIO()
    table = OutcomeTable(["basic"], file)
    table.begin("basic")
    table.tick()
    table.close()
    assert "runs:" not in file.getvalue()


def test_a_terminal_shows_what_runs_and_the_line_goes_away() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    file = Terminal()
    table = OutcomeTable(["basic", "psk-mismatch"], file)
    table.begin("basic")
    assert "0/2 after 0 s; runs: basic 0 s" in file.getvalue()
    table.add(outcome("basic"))
    table.close()
    assert "\x1b[2K" in file.getvalue().rpartition("runs: nothing")[2]
