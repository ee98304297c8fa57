"""GSA-IKE-015: no allowed combination has the PRF that the CPE offers."""

from gateway.diagnosis.rules.refused_proposals import IKE, Texts, one_value, rule_of

RULE = rule_of(
    "GSA-IKE-015",
    IKE,
    "PRF",
    Texts(
        title="IKE proposal refused: PRF",
        cause=(
            "The CPE offers a pseudo-random function, which makes the keys out of the shared secret, that no "
            "combination has: SHA-1 or SHA-512, for example. The default policy has PRF-HMAC-SHA-384 with "
            "256-bit ciphers and PRF-HMAC-SHA-256 with 128-bit ciphers. Devices with a single setting for "
            "hash or authentication use it for the PRF as well."
        ),
        proof=one_value("PRF"),
        fix=(
            "Set the PRF that the finding names on the CPE (strongSwan: prfsha384; FortiGate: the prfsha384 "
            "at the end of an AES-GCM proposal; IOS XE: prf sha384 in the crypto ikev2 proposal). Where "
            "there is no such setting, it follows the hash or the authentication of phase 1."
        ),
    ),
)
