"""GSA-IKE-030: no offered ESP proposal is allowed."""

from gateway.diagnosis.rules.refused_proposals import ANYTHING, ESP, Texts, rule_of

RULE = rule_of(
    "GSA-IKE-030",
    ESP,
    ANYTHING,
    Texts(
        title="ESP proposal refused",
        cause=(
            "No ESP proposal of the CPE is allowed. The default policy allows AES-GCM-256, "
            "AES-GCM-192 and AES-GCM-128, without a separate integrity algorithm. AES-CBC with "
            "SHA-256 is the usual mistake. AES-GCM with an HMAC beside it (GSA-IKE-037) and AES without a "
            "key length (GSA-IKE-038) have codes of their own. A custom policy allows exactly one: an "
            "AES-GCM, or no encryption with SHA-256."
        ),
        proof=(
            "The CPE was authenticated, and its ESP proposals were compared with every allowed "
            "combination; the table of the finding shows what is refused."
        ),
        fix=(
            "Offer AES-GCM with a 16-octet ICV for ESP on the CPE; the finding has strongSwan's words "
            "for the nearest one."
        ),
    ),
)
