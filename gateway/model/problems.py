"""What is wrong with a lab file, said so that it can be mended."""

import difflib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing in a lab file that breaks a rule (error) or will surprise (warning).

    Args:
        file: The file as it was named by the caller.
        line: Line of the value, from 1; None when the problem is the file itself.
        column: Column of the value, from 1; None with ``line``.
        path: Place in the document, ``remoteNetworks[0].deviceLinks[1].bgpConfiguration.asn``; empty for
            the whole document.
        saw: What stands there. Never holds a pre-shared key.
        rule: The rule it breaks.
        fix: What to write instead.
        severity: An error keeps the lab from starting, a warning does not.
    """

    file: str
    line: int | None = None
    column: int | None = None
    path: str = ""
    saw: str
    rule: str
    fix: str
    severity: Severity = "error"

    @property
    def where(self) -> str:
        """The place as editors and terminals link it: ``lab.yaml:14:16``."""
        return self.file if self.line is None else f"{self.file}:{self.line}:{self.column}"

    def render(self) -> str:
        """The problem as four lines of plain text."""
        place = f"{self.where}  {self.path}".rstrip()
        warning = "warning  " if self.severity == "warning" else ""
        return f"{warning}{place}\n  saw   {self.saw}\n  rule  {self.rule}\n  fix   {self.fix}"

    def as_json(self) -> dict[str, Any]:
        """The problem as a JSON object."""
        return asdict(self)


class LabFileError(Exception):
    """The lab cannot start as it is written.

    Args:
        problems: Every problem found, warnings included; at least one is an error.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(problem.render() for problem in self.problems))


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known name that ``word`` was probably meant to be, or None.

    Letter case, spaces, hyphens and underscores are looked through: ``East US 2`` is near ``eastUS2``.
    """
    plain = {_plain(name): name for name in known}
    found = difflib.get_close_matches(_plain(word), plain, n=1, cutoff=cutoff)
    return plain[found[0]] if found else None


def _plain(word: str) -> str:
    return "".join(character for character in word.lower() if character not in " -_")


MAX_QUOTE = 60
"""Characters of a value that are quoted in a problem."""


def quote(text: str) -> str:
    """A text for a message: short, and safe on a terminal."""
    safe = text if text and text.isprintable() else json.dumps(text)
    return safe if len(safe) <= MAX_QUOTE else f"{safe[:MAX_QUOTE]}…"
