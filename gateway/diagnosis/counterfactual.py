"""What would have made a refused proposal acceptable: it is tried with one change at a time, then with two.

The inputs are those of the records: the offered proposals, the policy. The judge is the responder's own
selection (``ike.selection``), so what is said here is what the gateway would do, live or from a recording.
What depends on more than proposals is in ``what_if``.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gateway.diagnosis.facts import Allowed
from gateway.diagnosis.notation import Names
from gateway.diagnosis.proposals import WORDS, Offer, values_allowed_anywhere
from ike.constants import TRANSFORM_IDS, ProtocolId, TransformType
from ike.proposal import Proposal, Suite, Transform
from ike.selection import select

_KEY_LENGTH = re.compile(r"(.+)-(\d+)\Z")
_UNKNOWN = re.compile(r".*\((\d+)\)\Z")
_OF_UNKNOWN_TYPE = re.compile(r"transform type \d+ id (\d+)\Z")
_OLD_GROUP = "MODP_2048_256"
_MOST_CHANGES = 3


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of a proposal.

    Args:
        kind: Transform type: ``DH``.
        offered: Names offered.
        instead: The name to offer instead; empty to offer none.
    """

    kind: str
    offered: tuple[str, ...]
    instead: str

    @property
    def text(self) -> str:
        """``Diffie-Hellman group MODP_2048 instead of ECP_384``."""
        word, offered = WORDS.get(self.kind, self.kind), "|".join(self.offered)
        if not self.instead:
            return f"no {word} ({offered} left out)"
        return f"{word} {self.instead}" + (f" instead of {offered}" if offered else " added")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The smallest change that makes a proposal acceptable.

    Args:
        changes: The changes, all of them needed.
        suite: The combination that allows the changed proposal.
        names: The changed proposal.
    """

    changes: tuple[Change, ...]
    suite: str
    names: Names

    @property
    def text(self) -> str:
        """``with Diffie-Hellman group MODP_2048 instead of ECP_384 the same request is accepted (...)``."""
        changes = " and ".join(change.text for change in self.changes)
        return f"with {changes}, and nothing else changed, the same request is accepted ({self.suite})"


def smallest_change(offer: Offer, policy: Mapping[str, Allowed], protocol: ProtocolId) -> Outcome | None:
    """The fewest changed transform types with which the policy accepts a proposal; None beyond three.

    Of equally small changes the one to the first combination in the policy's order counts; group 24, which
    few devices have, comes last.
    """
    suites = suites_of(policy, protocol)
    changes = changes_of(offer.names, policy)
    order = list(policy)
    for size in range(1, _MOST_CHANGES + 1):
        found = []
        for kinds in itertools.combinations(changes, size):
            for picked in itertools.product(*(changes[kind] for kind in kinds)):
                names = changed(offer.names, picked)
                selection = select([proposal_of(names, protocol)], suites)
                if selection.suite is not None:
                    found.append(Outcome(changes=picked, suite=selection.suite.name, names=names))
        if found:
            return min(found, key=lambda o: (is_old(o.names), order.index(o.suite)))
    return None


def is_old(names: Names) -> bool:
    """Whether a proposal has group 24, which few devices have."""
    return _OLD_GROUP in names.get("DH", ())


def changes_of(names: Names, policy: Mapping[str, Allowed]) -> dict[str, list[Change]]:
    """What may be changed in a proposal, by transform type: one change for each value of the policy."""
    kinds = [k for k in WORDS if k in names or any(k in allowed for allowed in policy.values())]
    return {kind: _changes_of(kind, names, policy) for kind in kinds}


def _changes_of(kind: str, names: Names, policy: Mapping[str, Allowed]) -> list[Change]:
    offered = names.get(kind, ())
    instead = [value for value in values_allowed_anywhere(kind, policy) if value not in offered]
    leave_out = [""] if offered else []
    return [Change(kind=kind, offered=offered, instead=value) for value in (*instead, *leave_out)]


def changed(names: Names, changes: Iterable[Change]) -> dict[str, tuple[str, ...]]:
    """The names of a proposal after changes."""
    new = dict(names)
    for change in changes:
        if change.instead:
            new[change.kind] = (change.instead,)
        else:
            new.pop(change.kind, None)
    return new


def suites_of(policy: Mapping[str, Allowed], protocol: ProtocolId) -> tuple[Suite, ...]:
    """The combinations of a policy, as the responder has them."""
    return tuple(
        Suite(name, protocol, {TransformType[k]: tuple(_transforms(k, v)) for k, v in allowed.items()})
        for name, allowed in policy.items()
    )


def proposal_of(names: Names, protocol: ProtocolId, spi: bytes = b"") -> Proposal:
    """The proposal that has these names."""
    transforms = tuple(t for kind, each in names.items() for t in _transforms(kind, each))
    return Proposal(1, protocol, spi, transforms)


def _transforms(kind: str, names: tuple[str, ...]) -> Iterator[Transform]:
    return (transform_named(kind, name) for name in names)


def transform_named(kind: str, name: str) -> Transform:
    """The transform of a type and a name, the reverse of ``Transform.name``; unknown ones keep numbers."""
    type_unknown = _UNKNOWN.match(kind)
    number = int(type_unknown[1]) if type_unknown else TransformType[kind]
    with_length = _KEY_LENGTH.match(name)
    base, bits = (with_length[1], int(with_length[2])) if with_length else (name, None)
    unknown = _UNKNOWN.match(base) or _OF_UNKNOWN_TYPE.match(base)
    if unknown:
        return Transform(number, int(unknown[1]), bits)
    return Transform(number, TRANSFORM_IDS[TransformType(number)][base], bits)
