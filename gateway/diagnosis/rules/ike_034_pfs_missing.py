"""GSA-IKE-034: the policy wants PFS, and the CPE rekeys without it or with another group."""

from gateway.diagnosis.finding import Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.notation import STRONGSWAN_DH, strongswan
from gateway.diagnosis.rule import Evidence
from gateway.diagnosis.rules.child_sa import pfs_refusal, pfs_rule
from gateway.diagnosis.rules.common import device_link


def _find(history: History) -> Evidence | None:
    refusal = pfs_refusal(history, wanted=True)
    if refusal is None:
        return None
    group = next(iter(refusal.allowed), "")
    proposal = strongswan(next(iter(history.tunnel.esp.values()), {}))
    word = STRONGSWAN_DH.get(group)
    offered = "|".join(refusal.offered)
    return refusal.evidence(
        history,
        asked=f"with Diffie-Hellman group {offered}" if offered else "without PFS",
        expected=f"group {group}, the PFS group of {device_link(history)}",
        ours="with the PFS group of the policy",
        fix=Fix(
            cpe=f"switch PFS on in phase 2, with {group or 'the group of the policy'}",
            device_link=(
                "a policy without PFS, such as the default one, on a new link (links cannot be edited)"
            ),
            strongswan=f"esp_proposals = {proposal}-{word}" if word else "",
        ),
        title="Another PFS group than the policy's: the rekey is refused" if offered else None,
    )


RULE = pfs_rule(
    "GSA-IKE-034",
    "PFS in the policy, none on the CPE: the rekey is refused",
    _find,
    cause=(
        "The device link has a custom policy with a pfsGroup, and the CPE rekeys its CHILD SA without "
        "a Diffie-Hellman group, or with another one."
    ),
    proof=(
        "The group in the CPE's CREATE_CHILD_SA request against the policy's; the rest of the proposal "
        "is allowed."
    ),
    fix=(
        "Set the policy's PFS group in phase 2 of the CPE. FortiGate: set pfs enable and set dhgrp in "
        "phase2-interface. IOS XE: set pfs in the IPsec profile. Palo Alto: DH group in the IPsec "
        "crypto profile. Or create the device link again with a policy without PFS."
    ),
)
