"""GSA-IKE-038: the CPE offers AES for ESP without saying how long its key is."""

from gateway.diagnosis.rules.refused_proposals import ESP, KEY_LENGTH, Texts, rule_of

RULE = rule_of(
    "GSA-IKE-038",
    ESP,
    KEY_LENGTH,
    Texts(
        title="ESP proposal refused: AES without a key length",
        says_what=False,
        cause=(
            "AES has keys of 128, 192 or 256 bits, and a proposal has to say which: RFC 7296 section "
            "3.3.5 demands the Key Length attribute. The CPE's ESP proposal has none, so neither end "
            "would know how much key to take."
        ),
        proof=(
            "The CPE was authenticated. The cipher stands in its ESP proposal without a Key Length "
            "attribute, and the same cipher with a length is allowed; all else fits."
        ),
        fix=(
            "Enter the cipher of phase 2 with its length: aes256gcm16, not aesgcm. Where there is no such "
            "setting, update the CPE. strongSwan always sends the length."
        ),
        cpe="set the length of the AES key of phase 2",
    ),
)
