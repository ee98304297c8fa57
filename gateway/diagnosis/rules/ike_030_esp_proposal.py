"""GSA-IKE-030: no offered ESP proposal is allowed."""

from gateway.diagnosis.finding import Certainty
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import refused_proposal


def _find(history: History) -> Evidence | None:
    evaluated = [r for r in history.all("proposals_evaluated") if r["data"]["exchange"] == "IKE_AUTH"]
    if not evaluated or evaluated[-1]["data"]["selected"] is not None:
        return None
    return refused_proposal(history, evaluated[-1], phase=2)


RULE = Rule(
    code="GSA-IKE-030",
    title="ESP proposal refused",
    step=Step.CHILD_SA,
    certainty=Certainty.PROVEN,
    service="would answer nothing more than NO_PROPOSAL_CHOSEN, in IKE_AUTH",
    find=_find,
    page=Page(
        symptom=(
            "Phase 1 comes up, phase 2 does not: the CPE logs NO_PROPOSAL_CHOSEN for the CHILD SA; no "
            "traffic flows."
        ),
        cause=(
            "No ESP proposal of the CPE is allowed. The default policy allows AES-GCM-256, "
            "AES-GCM-192 and AES-GCM-128, without a separate integrity algorithm. AES-CBC with "
            "SHA-256 is the usual mistake; so are AES-GCM with an HMAC beside it and a proposal "
            "without a key length. A custom policy allows exactly one: an AES-GCM, or no encryption "
            "with SHA-256."
        ),
        proof=(
            "The CPE was authenticated, and its ESP proposals were compared with every allowed "
            "combination; the table of the finding shows what is refused."
        ),
        fix=(
            "Offer AES-GCM with a 16-octet ICV for ESP on the CPE; the finding has strongSwan's words "
            "for the nearest one."
        ),
        service="NO_PROPOSAL_CHOSEN without a reason; the health log has at most a disconnected tunnel.",
    ),
)
