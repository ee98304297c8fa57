"""The list of scenarios."""

import io

from rich.console import Console

from gateway.lab.scenario import load, names
from gateway.lab.view import group, print_listing


def listed(*scenarios: str, notes: dict[str, str] | None = None) -> list[str]:
    file = io.StringIO()
    console = Console(file=file, highlight=False, soft_wrap=True)
    print_listing([load(name) for name in scenarios], notes or {}, console)
    return file.getvalue().splitlines()


def test_scenarios_are_grouped_by_what_fails_with_the_codes_they_end_with() -> None:
    lines = listed("basic", "bgp-no-route", "psk-mismatch")
    words = [line.split() for line in lines]
    assert [lines[i] for i in (0, 3, 6)] == ["Working", "Failing in IKE", "Failing in BGP"]
    assert words[1][0] == "basic"
    assert (words[4][0], words[4][-1]) == ("psk-mismatch", "GSA-IKE-020")
    assert (words[7][0], words[7][-1]) == ("bgp-no-route", "GSA-BGP-001")
    assert lines[-2] == "3 scenarios, 2 of them failing."


def test_every_scenario_is_listed_within_100_columns() -> None:
    lines = listed(*names())
    assert {line for line in lines if len(line) > 100 or line != line.rstrip()} == set()
    first_words = {line.split()[0] for line in lines if line.startswith("  ") and line.strip()}
    assert first_words >= set(names())


def test_a_lab_that_is_up_says_so_below_its_name() -> None:
    lines = listed("basic", notes={"basic": "up since 12:00, 3 min"})
    assert lines[2].strip() == "up since 12:00, 3 min"


def test_a_group_is_the_area_of_the_first_code() -> None:
    assert [group(load(name)) for name in ("basic", "psk-mismatch", "bgp-no-route")] == [
        "works",
        "IKE",
        "BGP",
    ]
