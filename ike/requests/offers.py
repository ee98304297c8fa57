"""The proposals of our own requests, and the check of what the peer chose of them (RFC 7296 section 2.7)."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ike.codec import SaPayload
from ike.constants import DhGroup, ProtocolId, TransformType
from ike.errors import InvalidSyntax
from ike.proposal import Proposal, Suite, Transform


def offers(
    suites: Iterable[Suite], current: Proposal, spi: bytes, group: DhGroup | None
) -> tuple[Proposal, ...]:
    """The policy's suites as proposals, numbered from 1.

    What both ends use now goes first, where the policy still allows it, for the peer is known to accept it.

    Args:
        suites: The policy.
        current: The proposal of the SA that is to be replaced.
        spi: Our SPI of the new SA.
        group: The DH group of our KE payload: a suite that allows it names it first; None without PFS.
    """
    found: list[Proposal] = []
    for suite in suites:
        transforms = list(itertools.chain.from_iterable(suite.transforms.values()))
        transforms.sort(key=lambda t: (t.type, not _is_preferred(t, current, group)))
        found.append(Proposal(0, suite.protocol, spi, tuple(transforms)))
    found.sort(key=lambda proposal: -_overlap(proposal, current))
    unique = dict.fromkeys(found)
    return tuple(replace(proposal, number=number) for number, proposal in enumerate(unique, 1))


def _is_preferred(transform: Transform, current: Proposal, group: DhGroup | None) -> bool:
    if transform.type == TransformType.DH:
        return transform.id == group
    return transform in current.transforms


def _overlap(proposal: Proposal, current: Proposal) -> int:
    """How many transforms of the current SA a proposal offers, its DH group aside."""
    return sum(t in proposal.transforms for t in current.transforms if t.type != TransformType.DH)


def groups_of(suites: Iterable[Suite]) -> tuple[DhGroup, ...]:
    """The DH groups of a policy, best first."""
    found = (t.id for suite in suites for t in suite.transforms.get(TransformType.DH, ()) if t.id)
    return tuple(DhGroup(group) for group in dict.fromkeys(found))


def accepted(offered: Sequence[Proposal], answer: SaPayload, protocol: ProtocolId) -> Proposal:
    """The proposal that the peer chose, with the peer's SPI.

    Raises:
        InvalidSyntax: It is none of the offered ones, or not one transform of each type.
    """
    if len(answer.proposals) != 1:
        raise InvalidSyntax(f"the answer holds {len(answer.proposals)} proposals, expected one")
    (chosen,) = answer.proposals
    offer = next((p for p in offered if p.number == chosen.number), None)
    if offer is None or chosen.protocol != protocol:
        raise InvalidSyntax(f"the answer chooses proposal {chosen.number}, which was not offered")
    kinds = [t.type for t in chosen.transforms]
    absent = {t.type for t in offer.transforms} - set(kinds)
    unknown = [t.name for t in chosen.transforms if t not in offer.transforms]
    if unknown or len(kinds) != len(set(kinds)) or absent:
        raise InvalidSyntax(f"the answer {chosen.text} is no choice of the offered {offer.text}")
    if len(chosen.spi) != len(offer.spi) or not any(chosen.spi):
        raise InvalidSyntax(f"the answer's SPI has {len(chosen.spi)} octets, expected {len(offer.spi)}")
    return chosen
