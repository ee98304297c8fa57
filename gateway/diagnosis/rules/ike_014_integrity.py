"""GSA-IKE-014: no allowed combination has the integrity algorithm that the CPE offers."""

from gateway.diagnosis.rules.refused_proposals import IKE, Texts, one_value, rule_of

RULE = rule_of(
    "GSA-IKE-014",
    IKE,
    "INTEG",
    Texts(
        title="IKE proposal refused: integrity",
        cause=(
            "The CPE offers an integrity algorithm that no combination has, such as SHA-1 or SHA-512. "
            "The default policy has HMAC-SHA-384 with AES-CBC-256 and HMAC-SHA-256 with AES-CBC-128. "
            "An integrity algorithm beside AES-GCM has a code of its own: GSA-IKE-018."
        ),
        proof=one_value("integrity"),
        fix=(
            "Set the integrity algorithm that the finding names for phase 1 on the CPE (strongSwan: sha384; "
            "FortiGate: the second part of set proposal in phase 1; IOS XE: integrity in the crypto ikev2 "
            "proposal; Palo Alto: Authentication in the IKE crypto profile)."
        ),
    ),
)
