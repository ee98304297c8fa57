"""GSA-IKE-012: no allowed combination has the Diffie-Hellman group that the CPE offers."""

from gateway.diagnosis.finding import Certainty
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.ike_proposals import refused_for


def _find(history: History) -> Evidence | None:
    return refused_for(history, "DH")


RULE = Rule(
    code="GSA-IKE-012",
    title="IKE proposal refused: Diffie-Hellman group",
    step=Step.IKE_SA_INIT,
    certainty=Certainty.PROVEN,
    service="would answer nothing more than NO_PROPOSAL_CHOSEN",
    find=_find,
    page=Page(
        symptom="Phase 1 fails at once; the CPE logs NO_PROPOSAL_CHOSEN.",
        cause=(
            "The CPE offers a Diffie-Hellman group that the device link does not allow. The default policy "
            "has groups 24 and 14 only; groups 19 (ECP-256) and 20 (ECP-384) need a custom policy, and "
            "group 2, the default of many devices, is in no policy at all. A custom policy has exactly one "
            "group."
        ),
        proof=(
            "The gateway compared every offered proposal with every allowed combination. In the closest one "
            "everything but the Diffie-Hellman group fits; the table of the finding marks it."
        ),
        fix=(
            "Set the group that the finding names on the CPE (strongSwan: modp2048 for group 14; FortiGate: "
            "set dhgrp 14 in phase 1; IOS XE: group 14 in the crypto ikev2 proposal; Palo Alto: DH Group in "
            "the IKE crypto profile), or create the device link again with a custom policy that has the "
            "CPE's group."
        ),
        service=(
            "NO_PROPOSAL_CHOSEN without a reason; the documentation names no error, and the logs none either."
        ),
    ),
)
