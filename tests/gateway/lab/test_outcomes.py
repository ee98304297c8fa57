"""What a person sees of many runs."""

import io

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
    assert lines[1].split() == ["1/2", "✓", "basic", "works", "works", "4", "s"]
    assert lines[2].split() == ["2/2", "✓", "psk-mismatch", PSK, PSK, "4", "s"]
    assert lines[-2] == "✓ all 2 scenarios are as expected"
    assert lines[-1].startswith("  no extra finding, ")


def test_what_is_not_as_expected_is_marked_with_its_problems_and_named_in_the_sum() -> None:
    problem = f"expected {PSK}, which was not found\nand [more]"
    lines = printed(
        outcome("basic", "GSA-NAT-001"),
        outcome("psk-mismatch", expected=(PSK,), problems=(problem,)),
    )
    assert lines[1].split() == ["1/2", "✗", "basic", "works", "GSA-NAT-001", "4", "s"]
    assert lines[2].split() == ["2/2", "✗", "psk-mismatch", PSK, "nothing", "4", "s"]
    assert [line.strip() for line in lines[3:5]] == [f"expected {PSK}, which was not found", "and [more]"]
    assert lines[-2] == "✗ 2 of 2 scenarios are not as expected: basic, psk-mismatch"
    assert lines[-1].startswith("  1 extra finding, ")


def test_no_line_of_what_runs_where_output_is_no_terminal() -> None:
    file = io.StringIO()
    table = OutcomeTable(["basic"], file)
    table.begin("basic")
    table.tick()
    table.close()
    assert file.getvalue().splitlines() == [file.getvalue().splitlines()[0]]


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
