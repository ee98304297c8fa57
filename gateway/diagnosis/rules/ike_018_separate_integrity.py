"""GSA-IKE-018: the CPE offers AES-GCM for IKE with an integrity algorithm beside it."""

from gateway.diagnosis.rules.refused_proposals import IKE, SEPARATE_INTEGRITY, Texts, rule_of

RULE = rule_of(
    "GSA-IKE-018",
    IKE,
    SEPARATE_INTEGRITY,
    Texts(
        title="IKE proposal refused: AES-GCM with an integrity algorithm",
        says_what=False,
        cause=(
            "AES-GCM encrypts and protects integrity in one. With it a proposal has a PRF and no "
            "integrity algorithm (RFC 5282 section 8). The CPE offers one all the same, beside the PRF"
            " or in its place: on many devices one setting, hash or authentication, stands for both."
        ),
        proof=(
            "The proposal has no cipher but AES-GCM, and an integrity algorithm. Without that, and "
            "with a PRF, it would be allowed; the table of the finding marks it."
        ),
        fix=(
            "Set a PRF and no integrity algorithm: strongSwan writes aes256gcm16-prfsha384-modp2048 "
            "(it makes a PRF out of aes256gcm16-sha384-modp2048, too, and offers no integrity "
            "algorithm); FortiGate offers aes256gcm-prfsha384; IOS XE has prf and no integrity beside "
            "an AES-GCM encryption. Or use AES-CBC with the integrity algorithm."
        ),
        cpe="take the integrity algorithm out, and set a PRF",
    ),
)
