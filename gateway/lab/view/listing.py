"""The list of scenarios for people: by what fails in them, with the codes of their findings."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from rich.console import Console
from rich.markup import escape

from gateway.lab.scenario_model import Scenario

GROUPS = {
    "works": "Working",
    "IKE": "Failing in IKE",
    "NAT": "Failing by NAT",
    "BGP": "Failing in BGP",
    "TRF": "Failing in traffic",
}
"""Groups of scenarios, by the area in the code of the first finding, in the order in which they are shown."""
_WIDEST = 100
_LEAST_TITLE = 20


def group(scenario: Scenario) -> str:
    """The group of a scenario: a key of ``GROUPS``, or the area of a code that has no heading yet."""
    return scenario.expect[0].split("-")[1] if scenario.expect else "works"


def print_listing(scenarios: Sequence[Scenario], notes: Mapping[str, str], console: Console) -> None:
    """Print the scenarios in groups, in at most 100 columns.

    Args:
        scenarios: In the order of their names.
        notes: Scenario to what is to be said about it now, in green.
        console: Where to.
    """
    width = min(console.width, _WIDEST) if console.is_terminal else _WIDEST
    names = max(len(scenario.name) for scenario in scenarios)
    codes = max((len(code) for scenario in scenarios for code in scenario.expect), default=0)
    titles = max(_LEAST_TITLE, width - names - codes - 6)
    headings = dict.fromkeys([*GROUPS, *map(group, scenarios)])
    for key in headings:
        own = [scenario for scenario in scenarios if group(scenario) == key]
        if not own:
            continue
        console.print(f"[bold]{GROUPS.get(key, key)}[/]")
        for scenario in own:
            for line in _lines(scenario, notes.get(scenario.name, ""), names, titles):
                console.print(line)
        console.print()
    failing = sum(scenario.is_failure for scenario in scenarios)
    console.print(f"{len(scenarios)} scenarios, {failing} of them failing.")
    console.print(
        "gsalab lab run NAME runs one, with --fix after its fix; gsalab lab run --all runs every one."
    )


def _lines(scenario: Scenario, note: str, names: int, titles: int) -> Iterator[str]:
    title = textwrap.wrap(scenario.title, titles)
    for index, (text, code) in enumerate(zip_longest(title, scenario.expect, fillvalue="")):
        name = scenario.name if index == 0 else ""
        line = f"  {name:<{names}}  {escape(f'{text:<{titles}}')}"
        yield f"{line}  [dim]{code}[/]" if code else line.rstrip()
    if note:
        yield f"  {'':<{names}}  [green]{escape(note)}[/]"
