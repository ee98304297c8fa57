"""GSA-IKE-015: no allowed combination has the PRF that the CPE offers."""

from gateway.diagnosis.finding import Certainty
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.ike_proposals import refused_for


def _find(history: History) -> Evidence | None:
    return refused_for(history, "PRF")


RULE = Rule(
    code="GSA-IKE-015",
    title="IKE proposal refused: PRF",
    step=Step.IKE_SA_INIT,
    certainty=Certainty.PROVEN,
    service="would answer nothing more than NO_PROPOSAL_CHOSEN",
    find=_find,
    page=Page(
        symptom="Phase 1 fails at once; the CPE logs NO_PROPOSAL_CHOSEN.",
        cause=(
            "The CPE offers a pseudo-random function, which makes the keys out of the shared secret, that no "
            "combination has: SHA-1 or SHA-512, for example. The default policy has PRF-HMAC-SHA-384 with "
            "256-bit ciphers and PRF-HMAC-SHA-256 with 128-bit ciphers. Devices with a single setting for "
            "hash or authentication use it for the PRF as well."
        ),
        proof=(
            "The gateway compared every offered proposal with every allowed combination. In the closest one "
            "everything but the PRF fits; the table of the finding marks it."
        ),
        fix=(
            "Set the PRF that the finding names on the CPE (strongSwan: prfsha384; FortiGate: the prfsha384 "
            "at the end of an AES-GCM proposal; IOS XE: prf sha384 in the crypto ikev2 proposal). Where "
            "there is no such setting, it follows the hash or the authentication of phase 1."
        ),
        service=(
            "NO_PROPOSAL_CHOSEN without a reason; the documentation names no error, and the logs none either."
        ),
    ),
)
