"""GSA-IKE-010: no offered IKE proposal is allowed, and more than one value is to blame."""

from gateway.diagnosis.finding import Certainty
from gateway.diagnosis.rule import Page, Rule, Step
from gateway.diagnosis.rules.ike_proposals import refused_as_a_whole

RULE = Rule(
    code="GSA-IKE-010",
    title="IKE proposal refused",
    step=Step.IKE_SA_INIT,
    certainty=Certainty.PROVEN,
    service="would answer nothing more than NO_PROPOSAL_CHOSEN",
    find=refused_as_a_whole,
    page=Page(
        symptom="Phase 1 fails at once; the CPE logs NO_PROPOSAL_CHOSEN.",
        cause=(
            "No proposal of the CPE's IKE_SA_INIT request equals a combination that the device link "
            "allows: each value is allowed, but not with the others, or several are allowed nowhere. The "
            "default policy has eight combinations: AES-GCM-256 or AES-CBC-256 with SHA-384, "
            "AES-GCM-128 or AES-CBC-128 with SHA-256, each with Diffie-Hellman group 24 or 14. "
            "AES-256 with SHA-256 is none of them, nor is any combination with SHA-1 or group 2. A custom "
            "policy allows exactly one. A single value that is allowed nowhere has a code of its own: "
            "GSA-IKE-012 to GSA-IKE-015."
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
