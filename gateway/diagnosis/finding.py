"""A finding: what is wrong with a tunnel, how that is known, and what to do about it."""

import textwrap
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

WIDTH = 100
"""Columns of a rendered finding."""
_LABEL = 12


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    WARNING = "warning"


class Certainty(StrEnum):
    """How sure it is. What rests on silence is at most likely."""

    PROVEN = "proven"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, kw_only=True)
class Fix:
    """What to do, on one side or the other.

    Args:
        cpe: On the CPE.
        device_link: On the device link.
        strongswan: The lines of swanctl.conf, when there are some.
    """

    cpe: str
    device_link: str
    strongswan: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of a table.

    Args:
        name: What it shows.
        cells: One for each column.
        refused: The columns whose cells do not fit what was offered.
    """

    name: str
    cells: tuple[str, ...]
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Table:
    """What was offered against what is allowed.

    Args:
        columns: Headings.
        rows: What was offered, then what is allowed, the closest first.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a rule found.

    Args:
        code: Of the rule; stable.
        title: One line.
        severity: How bad it is.
        certainty: How sure it is.
        tunnel: The tunnel that suffers; None when it cannot be told which of several.
        where: Exchange, message and record.
        saw: What was seen.
        expected: What should have been seen.
        because: Ids of the records that prove it, in order.
        fix: What to do.
        real_service: What the real service would have shown.
        docs: Path of the page, in the documentation.
        table: What was offered against what is allowed, for refused proposals.
        what_if: The smallest change with which the exchange, replayed, succeeds; empty where none is known.
    """

    code: str
    title: str
    severity: Severity
    certainty: Certainty
    tunnel: str | None
    where: str
    saw: str
    expected: str
    because: tuple[int, ...]
    fix: Fix
    real_service: str
    docs: str
    table: Table | None = None
    what_if: str = ""

    def as_json(self) -> dict[str, Any]:
        """The finding as a JSON object; ``table`` and ``what_if`` are left out where there is none."""
        facts = asdict(self)
        if self.table is None:
            del facts["table"]
        if not self.what_if:
            del facts["what_if"]
        return facts


Paint = Callable[[str, str], str]
"""Colours a text; the second argument is ``ok``, ``error``, ``warning`` or ``label``."""


def unpainted(text: str, _style: str) -> str:
    """A ``Paint`` that leaves the text as it is."""
    return text


def render(finding: Finding, paint: Paint = unpainted) -> str:
    """The finding as plain text, in lines of at most ``WIDTH`` columns but for tables."""
    mark = "✗" if finding.severity is Severity.ERROR else "!"
    head = f"{mark} {finding.code}  {finding.title}"
    gap = " " * max(2, WIDTH - len(head) - len(finding.certainty))
    lines = [paint(head, finding.severity) + gap + finding.certainty]
    tunnel = f"{finding.tunnel}: " if finding.tunnel else ""
    for label, text in (
        ("where", tunnel + finding.where),
        ("saw", finding.saw),
        ("expected", finding.expected),
    ):
        lines += _entry(label, text, paint)
    if finding.table:
        lines += [f"{'':{_LABEL}}{line}" for line in _table(finding.table)]
    if finding.what_if:
        lines += _entry("replayed", finding.what_if, paint)
    lines += _entry("fix", f"on the CPE: {finding.fix.cpe}", paint)
    lines += _entry("", f"on the device link: {finding.fix.device_link}", paint)
    lines += [f"{'':{_LABEL}}strongSwan: {line}" for line in finding.fix.strongswan.splitlines()]
    lines += _entry("service", finding.real_service, paint)
    lines += _entry("more", f"gsalab explain {finding.code}", paint)
    return "\n".join(lines)


def _entry(label: str, text: str, paint: Paint) -> list[str]:
    """A label and its text, wrapped behind it; a long word is never broken."""
    width = WIDTH - _LABEL
    wrapped = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]
    first = "  " + paint(f"{label:{_LABEL - 2}}", "label") + wrapped[0]
    return [first, *(f"{'':{_LABEL}}{line}" for line in wrapped[1:])]


def _table(table: Table) -> list[str]:
    rows = [("", table.columns), *((row.name, _marked(row, table.columns)) for row in table.rows)]
    names = max(len(name) for name, _ in rows)
    widths = [max(len(cells[column]) for _, cells in rows) for column in range(len(table.columns))]
    return [
        "  ".join([f"{name:{names}}", *(f"{c:{w}}" for c, w in zip(cells, widths, strict=True))]).rstrip()
        for name, cells in rows
    ]


def _marked(row: Row, columns: tuple[str, ...]) -> tuple[str, ...]:
    """The cells, those that do not fit marked."""
    return tuple(
        f"✗ {cell}" if column in row.refused else cell
        for column, cell in zip(columns, row.cells, strict=True)
    )


_PLAIN = str.maketrans({"✓": "+", "✗": "x", "·": "-", "…": "..."})


def plain(text: str) -> str:
    """A rendered text without characters that a terminal may not have."""
    return text.translate(_PLAIN).encode("ascii", "backslashreplace").decode("ascii")
