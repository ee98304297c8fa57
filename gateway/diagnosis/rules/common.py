"""What several rules say in the same words."""

from gateway.diagnosis.counterfactual import smallest_change
from gateway.diagnosis.facts import Record
from gateway.diagnosis.finding import Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.notation import graph_esp, graph_ike, strongswan
from gateway.diagnosis.proposals import (
    WORDS,
    Comparison,
    compare,
    offers,
    values_allowed_anywhere,
)
from gateway.diagnosis.rule import Evidence
from ike.constants import ProtocolId


def where(record: Record, message: str) -> str:
    """Where a message was seen: ``IKE_AUTH request from 198.51.100.10:4500 (record 12)``."""
    return f"{message} from {record['data']['remote']} (record {record['id']})"


def device_link(history: History) -> str:
    """The device link by its name, in quotes."""
    return f'device link "{history.tunnel.link}"'


def seconds(duration: float) -> str:
    """A duration for people: ``7 s``."""
    return f"{duration:.0f} s"


def plural(number: int, word: str) -> str:
    """``1 proposal``, ``2 proposals``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def refused_proposal(history: History, evaluated: Record, *, phase: int) -> Evidence:
    """The evidence of refused proposals.

    Args:
        history: Of the tunnel.
        evaluated: The ``proposals_evaluated`` record without a selection.
        phase: 1 for the IKE SA, 2 for the CHILD SA.
    """
    name = "IKE" if phase == 1 else "ESP"
    policy = history.tunnel.ike if phase == 1 else history.tunnel.esp
    offered = offers(evaluated)
    comparison = compare(offered, policy)
    protocol = ProtocolId.IKE if phase == 1 else ProtocolId.ESP
    outcome = smallest_change(comparison.offer, policy, protocol) if comparison else None
    at = where(evaluated, f"{evaluated['data']['exchange']} request")
    count = plural(len(offered), "proposal")
    if comparison is None:
        return Evidence(
            where=at,
            saw=f"{'; '.join(offer.text for offer in offered) or 'no proposal at all'} ({count} offered)",
            expected=f"a proposal for {name}; {device_link(history)} allows: {', '.join(policy) or 'none'}",
            because=(evaluated,),
            fix=Fix(cpe=f"offer a proposal for {name}", device_link="check its IPsec/IKE policy"),
        )
    return Evidence(
        title=f"{name} proposal refused: {comparison.refused_words}",
        where=at,
        saw=f"{comparison.offer.text} ({_counted(len(offered))})",
        expected=_expected(comparison, history, phase),
        because=(evaluated,),
        fix=_fix(comparison, phase),
        table=comparison.table,
        what_if=outcome.text if outcome else "",
    )


def _counted(offered: int) -> str:
    return "1 proposal offered" if offered == 1 else f"the closest of {offered} proposals offered"


def _expected(comparison: Comparison, history: History, phase: int) -> str:
    """The nearest combination, and what would be allowed where a value is allowed nowhere."""
    policy = history.tunnel.ike if phase == 1 else history.tunnel.esp
    limits = [
        f"allowed {WORDS.get(kind, kind)}: {', '.join(values) or 'none'}"
        for kind in comparison.refused
        for values in (values_allowed_anywhere(kind, policy),)
        if not set(values) & set(comparison.offer.names.get(kind, ()))
    ]
    return (
        f"{comparison.allowed_text} ({comparison.suite}), the nearest that {device_link(history)} allows; "
        + ("; ".join(limits) or "each offered value is allowed, but not together")
    )


def _fix(comparison: Comparison, phase: int) -> Fix:
    custom = (graph_ike if phase == 1 else graph_esp)(comparison.offer.names)
    setting = "proposals" if phase == 1 else "esp_proposals"
    return Fix(
        cpe=f"offer {comparison.allowed_text}",
        device_link=(
            f"a custom policy with {custom}, on a new link (links cannot be edited)"
            if custom
            else "nothing: no policy of a device link allows what was offered"
        ),
        strongswan=f"{setting} = {strongswan(comparison.allowed)}",
    )
