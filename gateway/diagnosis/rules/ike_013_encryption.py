"""GSA-IKE-013: no allowed combination has the encryption that the CPE offers."""

from gateway.diagnosis.rules.refused_proposals import IKE, Texts, one_value, rule_of

RULE = rule_of(
    "GSA-IKE-013",
    IKE,
    "ENCR",
    Texts(
        title="IKE proposal refused: encryption",
        cause=(
            "The CPE offers a cipher, or a length of its key, that no combination of the device link has. "
            "The default policy has AES-GCM and AES-CBC with 256 and with 128 bits in phase 1, and no cipher "
            "with 192 bits, no 3DES and no ChaCha20-Poly1305. AES-GCM-192 is for phase 2 only."
        ),
        proof=one_value("encryption"),
        fix=(
            "Set the cipher that the finding names for phase 1 on the CPE (strongSwan: aes256gcm16 or "
            "aes256; FortiGate: set proposal in phase 1; IOS XE: encryption in the crypto ikev2 proposal; "
            "Palo Alto: Encryption in the IKE crypto profile). Phase 2 has a setting of its own."
        ),
    ),
)
