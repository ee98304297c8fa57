"""GSA-IKE-017: the CPE offers AES for IKE without saying how long its key is."""

from gateway.diagnosis.rules.refused_proposals import IKE, KEY_LENGTH, Texts, rule_of

RULE = rule_of(
    "GSA-IKE-017",
    IKE,
    KEY_LENGTH,
    Texts(
        title="IKE proposal refused: AES without a key length",
        says_what=False,
        cause=(
            "AES has keys of 128, 192 or 256 bits, and a proposal has to say which: RFC 7296 section 3.3.5 "
            "demands the Key Length attribute. Some devices leave it out when only aes is entered, and mean "
            "128 bits; none of the combinations can be chosen then, though all else fits."
        ),
        proof=(
            "The cipher stands in the proposal without a Key Length attribute, and the same cipher with a "
            "length is allowed; all else in the closest combination fits."
        ),
        fix=(
            "Enter the cipher with its length on the CPE: aes256, not aes (strongSwan reads aes as "
            "aes128 and always sends the length). Where there is no such setting, update the CPE, or "
            "use AES-GCM, whose settings always name a length."
        ),
        cpe="set the length of the AES key",
    ),
)
