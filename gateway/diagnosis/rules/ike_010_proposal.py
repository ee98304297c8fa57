"""GSA-IKE-010: no offered IKE proposal is allowed."""

from gateway.diagnosis.finding import Certainty
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import refused_proposal


def _find(history: History) -> Evidence | None:
    evaluated = [r for r in history.all("proposals_evaluated") if r["data"]["exchange"] == "IKE_SA_INIT"]
    if not evaluated or evaluated[-1]["data"]["selected"] is not None:
        return None
    return refused_proposal(history, evaluated[-1], phase=1)


RULE = Rule(
    code="GSA-IKE-010",
    title="IKE proposal refused",
    step=Step.IKE_SA_INIT,
    certainty=Certainty.PROVEN,
    service="would answer nothing more than NO_PROPOSAL_CHOSEN",
    find=_find,
    page=Page(
        symptom="Phase 1 fails at once; the CPE logs NO_PROPOSAL_CHOSEN.",
        cause=(
            "No proposal of the CPE's IKE_SA_INIT request equals a combination that the device link "
            "allows. The default policy has eight: AES-GCM-256 or AES-CBC-256 with SHA-384, "
            "AES-GCM-128 or AES-CBC-128 with SHA-256, each with Diffie-Hellman group 24 or 14. "
            "AES-256 with SHA-256 is none of them, nor is any combination with SHA-1 or group 2. "
            "AES-GCM takes a PRF and no integrity algorithm: strongSwan writes "
            "aes256gcm16-prfsha384-modp2048, never aes256gcm16-sha384-modp2048. A custom policy "
            "allows exactly one."
        ),
        proof=(
            "The gateway compared every offered proposal with every allowed combination, transform by "
            "transform; the table of the finding shows the closest ones with what they refuse."
        ),
        fix=(
            "Offer the nearest allowed combination; the finding names it, in strongSwan's notation as "
            "well. Or create the device link again with a custom policy that is what the CPE offers."
        ),
        service=(
            "NO_PROPOSAL_CHOSEN without a reason; the documentation names no error, and the logs none either."
        ),
    ),
)
