"""GSA-IKE-010: no offered IKE proposal is allowed, and more than one value is to blame."""

from gateway.diagnosis.rules.refused_proposals import ANYTHING, IKE, Texts, rule_of

RULE = rule_of(
    "GSA-IKE-010",
    IKE,
    ANYTHING,
    Texts(
        title="IKE proposal refused",
        cause=(
            "No proposal of the CPE's IKE_SA_INIT request equals a combination that the device link "
            "allows: each value is allowed, but not with the others, or several are allowed nowhere. The "
            "default policy has eight combinations: AES-GCM-256 or AES-CBC-256 with SHA-384, "
            "AES-GCM-128 or AES-CBC-128 with SHA-256, each with Diffie-Hellman group 24 or 14. "
            "AES-256 with SHA-256 is none of them, nor is any combination with SHA-1 or group 2. A custom "
            "policy allows exactly one. A single value that is allowed nowhere has a code of its own: "
            "GSA-IKE-012 to GSA-IKE-015, 017 and 018."
        ),
        proof=(
            "The gateway compared every offered proposal with every allowed combination, transform by "
            "transform; the table of the finding shows the closest ones with what they refuse."
        ),
        fix=(
            "Offer the nearest allowed combination; the finding names it, in strongSwan's notation as "
            "well. Or create the device link again with a custom policy that is what the CPE offers."
        ),
    ),
)
