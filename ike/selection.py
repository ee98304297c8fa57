"""Selects a proposal by the policy, and says for every other one why not (RFC 7296 sections 2.7 and 3.3)."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from ike.constants import TransformType, name_of
from ike.proposal import Proposal, Suite, Transform

NONE_ID = 0
"""The ID that means "none" for integrity and Diffie-Hellman transforms (RFC 7296 section 3.3.2)."""


@dataclass(frozen=True, kw_only=True)
class TransformVerdict:
    """One transform type of one offered proposal against one suite.

    Args:
        type: Name of the transform type.
        offered: Names offered, in the peer's order; empty when the type is missing.
        allowed: Names that the suite allows; empty when the type must be absent.
        accepted: Whether one of the offered is allowed.
    """

    type: str
    offered: tuple[str, ...]
    allowed: tuple[str, ...]
    accepted: bool


@dataclass(frozen=True, kw_only=True)
class ProposalVerdict:
    """One offered proposal against the suite that it comes closest to.

    Args:
        number: Proposal number as offered.
        offered: The proposal in one line.
        suite: Name of the closest suite; empty when the policy has none for the protocol.
        transforms: Verdict per transform type.
        accepted: Whether every transform type is accepted.
    """

    number: int
    offered: str
    suite: str
    transforms: tuple[TransformVerdict, ...]
    accepted: bool


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The outcome of a selection.

    Args:
        verdicts: One per offered proposal, in order.
        chosen: The proposal to answer with: the offered number and protocol, one transform per type, and the
            peer's SPI; None when nothing matches.
        suite: The suite that matched.
        ignored: Names of the offered transforms that did not count, each once.
    """

    verdicts: tuple[ProposalVerdict, ...]
    chosen: Proposal | None
    suite: Suite | None
    ignored: tuple[str, ...] = ()

    def transform(self, transform_type: TransformType) -> Transform | None:
        """The chosen transform of one type, or None when the type is absent or NONE."""
        found = self.chosen.of_type(transform_type) if self.chosen else ()
        if not found or (found[0].id == NONE_ID and transform_type in _MAY_BE_NONE):
            return None
        return found[0]


def select(
    offered: Iterable[Proposal],
    suites: Collection[Suite],
    *,
    preferred_group: int | None = None,
    ignored: Collection[TransformType] = (),
) -> Selection:
    """Choose the first offered proposal that a suite allows.

    Args:
        offered: The proposals of the SA payload, in order.
        suites: What the policy allows, best first.
        preferred_group: DH group of the KE payload; a choice that can use it goes first and spares a round
            trip (RFC 7296 section 1.2).
        ignored: Transform types to treat as if they had not been offered.
    """
    offers = tuple(offered)
    nameless = tuple(proposal.with_spi(b"") for proposal in offers)
    found, index = _select(nameless, tuple(suites), preferred_group, frozenset(ignored))
    if found.chosen is None or not offers[index].spi:
        return found
    return replace(found, chosen=found.chosen.with_spi(offers[index].spi))


@lru_cache(maxsize=32)
def _select(
    offered: tuple[Proposal, ...],
    suites: tuple[Suite, ...],
    preferred_group: int | None,
    ignored: frozenset[TransformType],
) -> tuple[Selection, int]:
    """The selection and the index of the chosen proposal, all without SPIs.

    A peer offers the same in every exchange, and all that is compared and told here takes a good part of the
    time of one; so the outcome is kept.
    """
    proposals = [
        replace(p, transforms=tuple(t for t in p.transforms if t.type not in ignored)) for p in offered
    ]
    verdicts = tuple(_closest(p, suites) for p in proposals)
    without_meaning = tuple(dict.fromkeys(t.name for p in offered for t in p.transforms if t.type in ignored))
    candidates = [(p, s) for p in proposals for s in suites if _accepts(p, s)]
    if preferred_group is not None:
        candidates.sort(key=lambda c: not _can_use_group(c[0], c[1], preferred_group))
    if not candidates:
        return Selection(verdicts=verdicts, chosen=None, suite=None, ignored=without_meaning), 0
    proposal, suite = candidates[0]
    chosen = replace(proposal, transforms=tuple(_chosen_transforms(proposal, suite, preferred_group)))
    selection = Selection(verdicts=verdicts, chosen=chosen, suite=suite, ignored=without_meaning)
    return selection, proposals.index(proposal)


_MAY_BE_NONE = frozenset({TransformType.INTEG, TransformType.DH})


def _acceptable(proposal: Proposal, suite: Suite, transform_type: int) -> tuple[Transform, ...]:
    """The allowed transforms of one type that are offered, the policy's best first.

    NONE counts where the type must be absent.
    """
    offered = proposal.of_type(transform_type)
    if transform_type in suite.transforms:
        return tuple(t for t in suite.transforms[TransformType(transform_type)] if t in offered)
    if transform_type in _MAY_BE_NONE:
        return tuple(t for t in offered if t.id == NONE_ID)
    return ()


def _types(proposal: Proposal, suite: Suite) -> list[int]:
    return sorted({t.type for t in proposal.transforms} | set(suite.transforms))


def _accepts(proposal: Proposal, suite: Suite) -> bool:
    return proposal.protocol == suite.protocol and all(
        _acceptable(proposal, suite, kind) for kind in _types(proposal, suite)
    )


def _can_use_group(proposal: Proposal, suite: Suite, group: int) -> bool:
    return any(t.id == group for t in _acceptable(proposal, suite, TransformType.DH))


def _chosen_transforms(proposal: Proposal, suite: Suite, preferred_group: int | None) -> Iterator[Transform]:
    for kind in _types(proposal, suite):
        usable = _acceptable(proposal, suite, kind)
        preferred = (t for t in usable if kind == TransformType.DH and t.id == preferred_group)
        yield next(preferred, usable[0])


def _verdict(proposal: Proposal, suite: Suite, kind: int) -> TransformVerdict:
    allowed = suite.transforms.get(TransformType(kind), ()) if kind in set(TransformType) else ()
    return TransformVerdict(
        type=name_of(TransformType, kind),
        offered=tuple(t.name for t in proposal.of_type(kind)),
        allowed=tuple(t.name for t in allowed),
        accepted=bool(_acceptable(proposal, suite, kind)),
    )


def _closest(proposal: Proposal, suites: Collection[Suite]) -> ProposalVerdict:
    """The verdict against the suite with the fewest refused transform types; earlier suites win ties."""
    best: ProposalVerdict | None = None
    for suite in suites:
        if suite.protocol != proposal.protocol:
            continue
        transforms = tuple(_verdict(proposal, suite, kind) for kind in _types(proposal, suite))
        verdict = ProposalVerdict(
            number=proposal.number,
            offered=proposal.text,
            suite=suite.name,
            transforms=transforms,
            accepted=all(t.accepted for t in transforms),
        )
        if best is None or _refused(verdict) < _refused(best):
            best = verdict
    return best or ProposalVerdict(
        number=proposal.number, offered=proposal.text, suite="", transforms=(), accepted=False
    )


def _refused(verdict: ProposalVerdict) -> int:
    return sum(not t.accepted for t in verdict.transforms)
