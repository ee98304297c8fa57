"""Refused proposals: what is to blame for one, and the rules that differ in that alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.diagnosis.counterfactual import smallest_change
from gateway.diagnosis.facts import Allowed, Record
from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.notation import Names, graph_esp, graph_ike, strongswan
from gateway.diagnosis.proposals import (
    WORDS,
    Comparison,
    compare,
    offers,
    values_allowed_anywhere,
)
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import device_link, plural, where
from gateway.diagnosis.what_if import what_if
from ike.constants import Encr, ProtocolId

ANYTHING = ""
"""To blame: values that do not fit together, or several transform types."""
SEPARATE_INTEGRITY = "separate integrity"
"""To blame: an integrity algorithm beside a cipher that needs none, or in place of the PRF."""
KEY_LENGTH = "key length"
"""To blame: AES without the Key Length attribute."""

_AEAD = frozenset(cipher.name for cipher in Encr if cipher.is_aead)


@dataclass(frozen=True, kw_only=True)
class Phase:
    """What the proposals of a phase have in common.

    Args:
        name: Of what is negotiated.
        protocol: Its number.
        setting: strongSwan's setting.
        exchange: In which it is negotiated.
        step: Which fails.
        symptom: What the engineer notices.
        service: What the real service would have shown.
        log: The same on a page.
    """

    name: str
    protocol: ProtocolId
    setting: str
    exchange: str
    step: Step
    symptom: str
    service: str
    log: str

    def policy(self, history: History) -> Mapping[str, Allowed]:
        """The combinations that the device link allows."""
        return history.tunnel.ike if self.protocol is ProtocolId.IKE else history.tunnel.esp


IKE = Phase(
    name="IKE",
    protocol=ProtocolId.IKE,
    setting="proposals",
    exchange="IKE_SA_INIT",
    step=Step.IKE_SA_INIT,
    symptom="Phase 1 fails at once; the CPE logs NO_PROPOSAL_CHOSEN.",
    service="would answer nothing more than NO_PROPOSAL_CHOSEN",
    log="NO_PROPOSAL_CHOSEN without a reason; the documentation names no error, and the logs none either.",
)
ESP = Phase(
    name="ESP",
    protocol=ProtocolId.ESP,
    setting="esp_proposals",
    exchange="IKE_AUTH",
    step=Step.CHILD_SA,
    symptom=(
        "Phase 1 comes up, phase 2 does not: the CPE logs NO_PROPOSAL_CHOSEN for the CHILD SA; no "
        "traffic flows."
    ),
    service="would answer nothing more than NO_PROPOSAL_CHOSEN, in IKE_AUTH",
    log="NO_PROPOSAL_CHOSEN without a reason; the health log has at most a disconnected tunnel.",
)


@dataclass(frozen=True, kw_only=True)
class Texts:
    """What is said of a code, apart from what its phase says.

    Args:
        title: Of the rule; of its findings too, unless ``says_what`` is set.
        cause: As on a page.
        proof: As on a page.
        fix: As on a page.
        cpe: What to do on the CPE, before what to offer instead.
        says_what: Whether the title of a finding names the refused transform types instead.
    """

    title: str
    cause: str
    proof: str
    fix: str
    cpe: str = ""
    says_what: bool = True


def one_value(word: str) -> str:
    """The proof that one transform type, in the words of people, alone is refused."""
    return (
        "The gateway compared every offered proposal with every allowed combination. In the closest one "
        f"everything but the {word} fits; the table of the finding marks it."
    )


def rule_of(code: str, phase: Phase, to_blame: str, texts: Texts) -> Rule:
    """The rule about proposals of a phase that one thing is to blame for.

    Args:
        code: Of the rule.
        phase: ``IKE`` or ``ESP``.
        to_blame: A transform type, as ``DH``, or one of the constants above.
        texts: Its own texts.
    """

    def find(history: History) -> Evidence | None:
        return _find(history, phase, to_blame, texts)

    return Rule(
        code=code,
        title=texts.title,
        step=phase.step,
        certainty=Certainty.PROVEN,
        service=phase.service,
        find=find,
        page=Page(
            symptom=phase.symptom, cause=texts.cause, proof=texts.proof, fix=texts.fix, service=phase.log
        ),
    )


def _find(history: History, phase: Phase, to_blame: str, texts: Texts) -> Evidence | None:
    evaluated = [r for r in history.all("proposals_evaluated") if r["data"]["exchange"] == phase.exchange]
    if not evaluated or evaluated[-1]["data"]["selected"] is not None:
        return None
    comparison = _compared(evaluated[-1], phase.policy(history))
    if _blamed(comparison, phase, history) != to_blame:
        return None
    if comparison is None:
        return _nothing_to_compare(history, evaluated[-1], phase)
    evidence = _evidence(history, evaluated[-1], comparison, phase)
    if texts.cpe:
        evidence = replace(evidence, fix=replace(evidence.fix, cpe=f"{texts.cpe}: {evidence.fix.cpe}"))
    return evidence if texts.says_what else replace(evidence, title=None)


def _compared(evaluated: Record, policy: Mapping[str, Allowed]) -> Comparison | None:
    """The closest pair; an integrity algorithm beside AES-GCM is compared with what has AES-GCM."""
    comparison = compare(offers(evaluated), policy)
    if comparison is None or not _has_integrity_twice(comparison.offer.names):
        return comparison
    without = {name: allowed for name, allowed in policy.items() if "INTEG" not in allowed}
    return compare([comparison.offer], without) or comparison


def _blamed(comparison: Comparison | None, phase: Phase, history: History) -> str:
    if comparison is None:
        return ANYTHING
    names, refused = comparison.offer.names, frozenset(comparison.refused)
    anywhere = {kind: values_allowed_anywhere(kind, phase.policy(history)) for kind in refused}
    if refused == {"ENCR"} and _lacks_length(names.get("ENCR", ()), anywhere["ENCR"]):
        return KEY_LENGTH
    is_spoilt = "INTEG" in refused and "INTEG" not in comparison.allowed
    if is_spoilt and _has_integrity_twice(names) and _spoils_no_more(names, refused):
        return SEPARATE_INTEGRITY
    if phase is not IKE or len(refused) != 1:
        return ANYTHING
    (kind,) = refused
    elsewhere = set(names.get(kind, ())) & set(anywhere[kind])
    return ANYTHING if elsewhere and kind in comparison.allowed else kind


def _lacks_length(ciphers: tuple[str, ...], allowed: tuple[str, ...]) -> bool:
    """Whether every cipher offered would be allowed, had it a key length."""
    return bool(ciphers) and all(any(name.startswith(f"{cipher}-") for name in allowed) for cipher in ciphers)


def _has_integrity_twice(names: Names) -> bool:
    """Whether an integrity algorithm is offered beside ciphers that all protect integrity themselves."""
    ciphers = {name.rpartition("-")[0] or name for name in names.get("ENCR", ())}
    return bool(ciphers) and ciphers <= _AEAD and bool(set(names.get("INTEG", ())) - {"NONE"})


def _spoils_no_more(names: Names, refused: frozenset[str]) -> bool:
    """Whether nothing is refused but the integrity algorithm, and a PRF that is missing."""
    return refused <= ({"INTEG"} if names.get("PRF") else {"INTEG", "PRF"})


def _nothing_to_compare(history: History, evaluated: Record, phase: Phase) -> Evidence:
    offered = offers(evaluated)
    allowed = ", ".join(phase.policy(history)) or "none"
    return Evidence(
        where=where(evaluated, f"{phase.exchange} request"),
        saw=(
            f"{'; '.join(offer.text for offer in offered) or 'no proposal at all'} "
            f"({plural(len(offered), 'proposal')} offered)"
        ),
        expected=f"a proposal for {phase.name}; {device_link(history)} allows: {allowed}",
        because=(evaluated,),
        fix=Fix(cpe=f"offer a proposal for {phase.name}", device_link="check its IPsec/IKE policy"),
    )


def _evidence(history: History, evaluated: Record, comparison: Comparison, phase: Phase) -> Evidence:
    policy = phase.policy(history)
    count = len(offers(evaluated))
    return Evidence(
        title=f"{phase.name} proposal refused: {comparison.refused_words}",
        where=where(evaluated, f"{phase.exchange} request"),
        saw=(
            f"{comparison.offer.text} "
            f"({'1 proposal offered' if count == 1 else f'the closest of {count} proposals offered'})"
        ),
        expected=_expected(comparison, history, policy),
        because=(evaluated,),
        fix=_fix(comparison, phase),
        table=comparison.table,
        what_if=_what_if(history, evaluated, comparison, phase),
    )


def _what_if(history: History, evaluated: Record, comparison: Comparison, phase: Phase) -> str:
    """The smallest change that helps; for a CHILD SA the proposal may not be all that has to change."""
    if phase is not IKE:
        return what_if(history, evaluated)
    outcome = smallest_change(comparison.offer, phase.policy(history), phase.protocol)
    return outcome.text if outcome else ""


def _expected(comparison: Comparison, history: History, policy: Mapping[str, Allowed]) -> str:
    """The nearest combination, and what would be allowed where a value is allowed nowhere."""
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


def _fix(comparison: Comparison, phase: Phase) -> Fix:
    custom = (graph_ike if phase is IKE else graph_esp)(comparison.offer.names)
    return Fix(
        cpe=f"offer {comparison.allowed_text}",
        device_link=(
            f"a custom policy with {custom}, on a new link (links cannot be edited)"
            if custom
            else "nothing: no policy of a device link allows what was offered"
        ),
        strongswan=f"{phase.setting} = {strongswan(comparison.allowed)}",
    )
