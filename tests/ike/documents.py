"""Writes what the documents take from the code: ``python -m tests.ike.documents`` brings them up to date.

A generated part stands between two comments; everything else in the documents is written by hand.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TypeVar

from ike.collisions import EXCEPTIONS, Answer
from ike.state import CHILD_TRANSITIONS, TRANSITIONS, ChildState, State

DOCS = Path(__file__).parents[2] / "docs"
COLLISIONS = DOCS / "ike-collisions.md"
STATES = DOCS / "ike-states.md"

ANSWERS = {
    Answer.AND_COMPARE_NONCES: "as usual; the nonces decide later",
    Answer.WITHOUT_DELETE_PAYLOAD: "without a Delete payload",
    Answer.TEMPORARY_FAILURE: "TEMPORARY_FAILURE",
}


def exceptions() -> str:
    """The table of ``ike.collisions``, one row for each request and answer."""
    rows = defaultdict(list)
    for (asked, under_way), answer in EXCEPTIONS.items():
        rows[asked.value, ANSWERS[answer]].append(under_way.value)
    lines = ["| the peer asks to | while we are | we answer |", "|---|---|---|"]
    lines += [f"| {asked} | {'; '.join(at)} | {answer} |" for (asked, answer), at in rows.items()]
    return "\n".join(lines)


S = TypeVar("S", bound=Enum)
Step = TypeVar("Step", bound=Enum)


def diagram(table: Mapping[tuple[S, Step], S], states: type[S], *, first: S, end: S) -> str:
    """A table of states as a Mermaid diagram.

    Args:
        table: State and input to the next state.
        states: All states.
        first: Where an SA begins.
        end: Where it ends; what leads there from everywhere else is said in words.
    """
    moves = defaultdict(list)
    for (state, step), to in table.items():
        moves[state.name, to.name].append(step.name)
    enders = [set(steps) for (_, to), steps in moves.items() if to == end.name]
    common = set.intersection(*enders)
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {first.name}"]
    for (source, target), steps in moves.items():
        shown = [step for step in steps if not (target == end.name and step in common)]
        if shown:
            lines.append(f"    {source} --> {target}: {', '.join(shown)}")
    lines += [f"    {end.name} --> [*]", "```"]
    unreached = [state.name for state in states if state is not first and state not in table.values()]
    created = f" An SA can also begin as {', '.join(unreached)}." if unreached else ""
    always = " or ".join(sorted(common))
    return "\n".join([*lines, "", f"From every other state {always} leads to {end.name}.{created}"])


def parts() -> dict[Path, dict[str, str]]:
    """The generated parts of the documents, by their names."""
    return {
        COLLISIONS: {"exceptions": exceptions()},
        STATES: {
            "ike": diagram(TRANSITIONS, State, first=State.HALF_OPEN, end=State.CLOSED),
            "child": diagram(
                CHILD_TRANSITIONS,
                ChildState,
                first=ChildState.INSTALLED,
                end=ChildState.CLOSED,
            ),
        },
    }


def renewed(text: str, generated: dict[str, str]) -> str:
    """A document with its generated parts as they are now."""
    for name, content in generated.items():
        found = re.search(rf"<!-- begin {name} -->\n(.*?)\n<!-- end {name} -->", text, re.DOTALL)
        if found is None:
            raise ValueError(f"no part {name} in the document")
        text = text[: found.start(1)] + content + text[found.end(1) :]
    return text


def main() -> None:
    """Bring the documents up to date."""
    for path, generated in parts().items():
        path.write_text(renewed(path.read_text(), generated))
        sys.stdout.write(f"{path.name}\n")


if __name__ == "__main__":
    main()
