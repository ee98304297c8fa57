"""GSA-IKE-012: no allowed combination has the Diffie-Hellman group that the CPE offers."""

from gateway.diagnosis.rules.refused_proposals import IKE, Texts, one_value, rule_of

RULE = rule_of(
    "GSA-IKE-012",
    IKE,
    "DH",
    Texts(
        title="IKE proposal refused: Diffie-Hellman group",
        cause=(
            "The CPE offers a Diffie-Hellman group that the device link does not allow. The default policy "
            "has groups 24 and 14 only; groups 19 (ECP-256) and 20 (ECP-384) need a custom policy, and "
            "group 2, the default of many devices, is in no policy at all. A custom policy has exactly one "
            "group."
        ),
        proof=one_value("Diffie-Hellman group"),
        fix=(
            "Set the group that the finding names on the CPE (strongSwan: modp2048 for group 14; FortiGate: "
            "set dhgrp 14 in phase 1; IOS XE: group 14 in the crypto ikev2 proposal; Palo Alto: DH Group in "
            "the IKE crypto profile), or create the device link again with a custom policy that has the "
            "CPE's group."
        ),
    ),
)
