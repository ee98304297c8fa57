"""Refused proposals: what was offered against every combination that is allowed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.diagnosis.facts import Allowed, Record
from gateway.diagnosis.finding import Row, Table
from gateway.diagnosis.notation import Names

_NONE = "NONE"
_MAY_BE_NONE = frozenset({"INTEG", "DH"})
_MOST_ROWS = 4
_MOST_NAMES = 2
_OLD_GROUP = "MODP_2048_256"
"""Group 24: allowed, but few devices still have it."""

WORDS = {
    "ENCR": "encryption",
    "PRF": "PRF",
    "INTEG": "integrity",
    "DH": "Diffie-Hellman group",
    "ESN": "extended sequence numbers",
}
"""What people call the transform types."""
_HEADINGS = WORDS | {"DH": "DH group", "ESN": "ESN"}


def enumeration(words: Sequence[str]) -> str:
    """``a``, ``a and b`` or ``a, b and c``."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One offered proposal: its text, and its names by transform type."""

    text: str
    names: Names


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The offered proposal and the allowed combination that come closest to each other.

    Args:
        offer: The proposal.
        suite: Name of the combination.
        allowed: The combination.
        refused: The transform types that differ, in the combination's order.
        table: The proposal against the closest combinations.
    """

    offer: Offer
    suite: str
    allowed: Allowed
    refused: tuple[str, ...]
    table: Table

    @property
    def refused_words(self) -> str:
        """``integrity and PRF``."""
        return enumeration([WORDS.get(kind, kind) for kind in self.refused])

    @property
    def allowed_text(self) -> str:
        """The combination in one line, like a proposal's text."""
        return " / ".join(_cell(names) for kind, names in self.allowed.items() if kind != "ESN")


def offers(evaluated: Record) -> list[Offer]:
    """The offered proposals of a ``proposals_evaluated`` record."""
    return [
        Offer(
            text=verdict["offered"],
            names={t["type"]: tuple(t["offered"]) for t in verdict["transforms"] if t["offered"]},
        )
        for verdict in evaluated["data"]["verdicts"]
    ]


def compare(offered: Sequence[Offer], policy: Mapping[str, Allowed]) -> Comparison | None:
    """The closest pair of a proposal and a combination; None when either side has none.

    Of equally close combinations the ones without group 24 come first, then the order of the policy counts.
    """
    pairs = [
        (refused_types(offer.names, allowed), _OLD_GROUP in allowed.get("DH", ()), offer, name)
        for offer in offered
        if offer.names
        for name, allowed in policy.items()
    ]
    if not pairs:
        return None
    refused, _, offer, suite = min(pairs, key=lambda pair: (len(pair[0]), pair[1]))
    return Comparison(
        offer=offer,
        suite=suite,
        allowed=policy[suite],
        refused=refused,
        table=_table(offer, policy),
    )


def refused_types(names: Names, allowed: Allowed) -> tuple[str, ...]:
    """The transform types of a proposal that a combination does not allow (RFC 7296 section 3.3.3)."""
    kinds = [*allowed, *(kind for kind in names if kind not in allowed)]
    return tuple(kind for kind in kinds if not _fits(kind, names.get(kind, ()), allowed))


def _fits(kind: str, offered: tuple[str, ...], allowed: Allowed) -> bool:
    if kind in allowed:
        return bool(set(offered) & set(allowed[kind]))
    return kind in _MAY_BE_NONE and (not offered or _NONE in offered)


def values_allowed_anywhere(kind: str, policy: Mapping[str, Allowed]) -> tuple[str, ...]:
    """Every name that some combination allows for a transform type, in the policy's order."""
    return tuple(dict.fromkeys(name for allowed in policy.values() for name in allowed.get(kind, ())))


def _table(offer: Offer, policy: Mapping[str, Allowed]) -> Table:
    """The offer, and below it the closest combinations with their refusing cells marked."""
    kinds = [kind for kind in WORDS if kind in offer.names or any(kind in a for a in policy.values())]
    closest = sorted(
        policy.items(),
        key=lambda item: (len(refused_types(offer.names, item[1])), _OLD_GROUP in item[1].get("DH", ())),
    )
    rows = [Row(name="offered", cells=_cells(offer.names, kinds))]
    for name, allowed in closest[:_MOST_ROWS]:
        refused = tuple(_HEADINGS[k] for k in refused_types(offer.names, allowed) if k in _HEADINGS)
        rows.append(Row(name=_short(name), cells=_cells(allowed, kinds), refused=refused))
    return Table(columns=tuple(_HEADINGS[kind] for kind in kinds), rows=tuple(rows))


def _short(suite: str) -> str:
    """``combination 8`` for ``default phase 1 combination 8``: the documentation's word."""
    return suite[suite.index("combination") :] if "combination" in suite else suite


def _cells(names: Names, kinds: Sequence[str]) -> tuple[str, ...]:
    return tuple(_cell(names.get(kind, ())) for kind in kinds)


def _cell(names: tuple[str, ...]) -> str:
    rest = len(names) - _MOST_NAMES
    return "|".join(names[:_MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "") if names else "none"
