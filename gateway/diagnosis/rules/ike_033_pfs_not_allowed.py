"""GSA-IKE-033: the CPE rekeys the CHILD SA with PFS, and the policy has none."""

from gateway.diagnosis.finding import Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.notation import strongswan
from gateway.diagnosis.rule import Evidence
from gateway.diagnosis.rules.child_sa import pfs_refusal, pfs_rule
from gateway.diagnosis.rules.common import device_link


def _find(history: History) -> Evidence | None:
    refusal = pfs_refusal(history, wanted=False)
    if refusal is None:
        return None
    group = "|".join(refusal.offered)
    names = next(iter(history.tunnel.esp.values()), {})
    return refusal.evidence(
        history,
        asked=f"with Diffie-Hellman group {group}",
        expected=f"no group: {device_link(history)} has no PFS",
        ours="without PFS as the policy has it",
        fix=Fix(
            cpe="switch PFS off in phase 2",
            device_link=(
                f"a custom policy with the pfsGroup of {group or 'the one of its PFS setting'}, on a "
                "new link (links cannot be edited)"
            ),
            strongswan=f"esp_proposals = {strongswan(names)}",
        ),
        title=None,
    )


RULE = pfs_rule(
    "GSA-IKE-033",
    "PFS on the CPE, none in the policy: the rekey is refused",
    _find,
    cause=(
        "Perfect forward secrecy is set on the CPE, and the policy of the device link has none, as the "
        "default policy."
    ),
    proof=(
        "The CPE's CREATE_CHILD_SA request offers a Diffie-Hellman group where the policy allows none, "
        "and the rest of the proposal is allowed."
    ),
    fix=(
        "Switch PFS off in phase 2 of the CPE. FortiGate: set pfs disable in phase2-interface. IOS XE: "
        "no set pfs in the IPsec profile. Palo Alto: DH group no-pfs in the IPsec crypto profile. Or "
        "create the device link again with a custom policy that has the CPE's group as pfsGroup."
    ),
)
