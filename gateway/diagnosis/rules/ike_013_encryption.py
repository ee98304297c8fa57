"""GSA-IKE-013: no allowed combination has the encryption that the CPE offers."""

from gateway.diagnosis.finding import Certainty
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.ike_proposals import refused_for


def _find(history: History) -> Evidence | None:
    return refused_for(history, "ENCR")


RULE = Rule(
    code="GSA-IKE-013",
    title="IKE proposal refused: encryption",
    step=Step.IKE_SA_INIT,
    certainty=Certainty.PROVEN,
    service="would answer nothing more than NO_PROPOSAL_CHOSEN",
    find=_find,
    page=Page(
        symptom="Phase 1 fails at once; the CPE logs NO_PROPOSAL_CHOSEN.",
        cause=(
            "The CPE offers a cipher, or a length of its key, that no combination of the device link has. "
            "The default policy has AES-GCM and AES-CBC with 256 and with 128 bits in phase 1, and no cipher "
            "with 192 bits, no 3DES and no ChaCha20-Poly1305. AES-GCM-192 is for phase 2 only."
        ),
        proof=(
            "The gateway compared every offered proposal with every allowed combination. In the closest one "
            "everything but the encryption fits; the table of the finding marks it."
        ),
        fix=(
            "Set the cipher that the finding names for phase 1 on the CPE (strongSwan: aes256gcm16 or "
            "aes256; FortiGate: set proposal in phase 1; IOS XE: encryption in the crypto ikev2 proposal; "
            "Palo Alto: Encryption in the IKE crypto profile). Phase 2 has a setting of its own."
        ),
        service=(
            "NO_PROPOSAL_CHOSEN without a reason; the documentation names no error, and the logs none either."
        ),
    ),
)
