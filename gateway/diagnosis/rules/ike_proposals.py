"""Which refused IKE proposal is whose: one that a single transform type costs, or a mixture."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.history import History
from gateway.diagnosis.proposals import compare, offers, values_allowed_anywhere
from gateway.diagnosis.rule import Evidence
from gateway.diagnosis.rules.common import refused_proposal


def refused_for(history: History, kind: str) -> Evidence | None:
    """The evidence when one transform type, by its name as in ``DH``, alone costs the closest proposal."""
    evaluated = _refused(history)
    if evaluated is None or _only_refused(history, evaluated) != kind:
        return None
    return refused_proposal(history, evaluated, phase=1)


def refused_as_a_whole(history: History) -> Evidence | None:
    """The evidence when values do not fit together, or several transform types differ."""
    evaluated = _refused(history)
    if evaluated is None or _only_refused(history, evaluated):
        return None
    return refused_proposal(history, evaluated, phase=1)


def _refused(history: History) -> Record | None:
    """The last evaluation of an IKE_SA_INIT request, when nothing was selected."""
    evaluated = [r for r in history.all("proposals_evaluated") if r["data"]["exchange"] == "IKE_SA_INIT"]
    return evaluated[-1] if evaluated and evaluated[-1]["data"]["selected"] is None else None


def _only_refused(history: History, evaluated: Record) -> str:
    """The one transform type whose values no combination has, or that must be absent; empty otherwise."""
    policy = history.tunnel.ike
    comparison = compare(offers(evaluated), policy)
    if comparison is None or len(comparison.refused) != 1:
        return ""
    (kind,) = comparison.refused
    offered = comparison.offer.names.get(kind, ())
    elsewhere = set(offered) & set(values_allowed_anywhere(kind, policy))
    return "" if elsewhere and kind in comparison.allowed else kind
