"""GSA-IKE-037: the CPE offers AES-GCM for ESP with an HMAC beside it."""

from gateway.diagnosis.rules.refused_proposals import ESP, SEPARATE_INTEGRITY, Texts, rule_of

RULE = rule_of(
    "GSA-IKE-037",
    ESP,
    SEPARATE_INTEGRITY,
    Texts(
        title="ESP proposal refused: AES-GCM with a separate HMAC",
        says_what=False,
        cause=(
            "AES-GCM encrypts and protects integrity in one; beside it an ESP proposal has no "
            "integrity algorithm, or NONE (RFC 7296 section 3.3, RFC 4106). The CPE offers an HMAC all"
            " the same: on many devices encryption and authentication of phase 2 are two settings, and"
            " the second keeps its default."
        ),
        proof=(
            "The CPE was authenticated. Its ESP proposal has no cipher but AES-GCM, and an integrity "
            "algorithm; without that it would be allowed. The table of the finding marks it."
        ),
        fix=(
            "Set the authentication of phase 2 to none or null, or choose the AES-GCM setting that has"
            " none. FortiGate: set proposal aes256gcm in phase2-interface, which has no second part. "
            "IOS XE: crypto ipsec transform-set NAME esp-gcm 256. Palo Alto: Authentication none in "
            "the IPsec crypto profile. strongSwan drops the HMAC of aes256gcm16-sha256 by itself."
        ),
        cpe="take the HMAC out of phase 2",
    ),
)
