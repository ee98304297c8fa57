"""GSA-IKE-014: no allowed combination has the integrity algorithm that the CPE offers."""

from gateway.diagnosis.finding import Certainty
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.ike_proposals import refused_for


def _find(history: History) -> Evidence | None:
    return refused_for(history, "INTEG")


RULE = Rule(
    code="GSA-IKE-014",
    title="IKE proposal refused: integrity",
    step=Step.IKE_SA_INIT,
    certainty=Certainty.PROVEN,
    service="would answer nothing more than NO_PROPOSAL_CHOSEN",
    find=_find,
    page=Page(
        symptom="Phase 1 fails at once; the CPE logs NO_PROPOSAL_CHOSEN.",
        cause=(
            "The CPE offers an integrity algorithm that no combination has, such as SHA-1 or SHA-512, or it "
            "offers one beside AES-GCM, which protects integrity itself and must have none: RFC 5282 "
            "section 8 forbids it. The default policy has "
            "HMAC-SHA-384 with AES-CBC-256 and HMAC-SHA-256 with AES-CBC-128."
        ),
        proof=(
            "The gateway compared every offered proposal with every allowed combination. In the closest one "
            "everything but the integrity fits; the table of the finding marks it."
        ),
        fix=(
            "With AES-CBC, set the integrity algorithm that the finding names. With AES-GCM, set a PRF and "
            "no integrity algorithm: strongSwan writes aes256gcm16-prfsha384-modp2048; FortiGate offers "
            "aes256gcm-prfsha384; IOS XE has prf and no integrity beside an AES-GCM encryption."
        ),
        service=(
            "NO_PROPOSAL_CHOSEN without a reason; the documentation names no error, and the logs none either."
        ),
    ),
)
