"""GSA-IKE-033: the CPE rekeys the CHILD SA with PFS, and the policy has none."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.notation import strongswan
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.child_sa import own_rekey_refused, refused_for_pfs_alone
from gateway.diagnosis.rules.common import device_link, where


def _find(history: History) -> Evidence | None:
    asked = refused_for_pfs_alone(history)
    if asked is None:
        return _refused_by_the_cpe(history)
    evaluated, group = asked
    if group["allowed"]:
        return None
    offered = "|".join(group["offered"])
    return Evidence(
        where=where(evaluated, "CREATE_CHILD_SA request"),
        saw=f"a CHILD SA asked for with Diffie-Hellman group {offered}; all else in the proposal is allowed",
        expected=f"no group: {device_link(history)} has no PFS",
        because=(evaluated,),
        fix=_fix(history, offered),
    )


def _refused_by_the_cpe(history: History) -> Evidence | None:
    refused = own_rekey_refused(history, with_group=False)
    if refused is None:
        return None
    return Evidence(
        where=where(refused, "CREATE_CHILD_SA response"),
        saw=f"{refused['data']['notify']} to our rekeying of the CHILD SA, without PFS as the policy has it",
        expected="an SA payload: the CPE took the same proposal in IKE_AUTH, where PFS does not show",
        because=(refused,),
        fix=_fix(history, "the one of its PFS setting"),
        certainty=Certainty.LIKELY,
    )


def _fix(history: History, group: str) -> Fix:
    names = next(iter(history.tunnel.esp.values()), {})
    return Fix(
        cpe="switch PFS off in phase 2",
        device_link=f"a custom policy with the pfsGroup of {group}, on a new link (links cannot be edited)",
        strongswan=f"esp_proposals = {strongswan(names)}",
    )


RULE = Rule(
    code="GSA-IKE-033",
    title="PFS on the CPE, none in the policy: the rekey is refused",
    step=Step.CHILD_SA,
    certainty=Certainty.PROVEN,
    service="would answer NO_PROPOSAL_CHOSEN to each rekey; the tunnel goes down when its lifetime ends",
    find=_find,
    page=Page(
        symptom=(
            "The tunnel comes up, carries traffic, and dies after the first lifetime, typically an hour. "
            "The CPE logs NO_PROPOSAL_CHOSEN at the rekey, then builds the tunnel anew, for another hour."
        ),
        cause=(
            "Perfect forward secrecy is set on the CPE, and the policy of the device link has none, as the "
            "default policy. IKE_AUTH has no key exchange for its CHILD SA (RFC 7296 section 1.2), so the "
            "difference shows only in the first CREATE_CHILD_SA."
        ),
        proof=(
            "The CPE's CREATE_CHILD_SA request offers a Diffie-Hellman group where the policy allows none, "
            "and the rest of the proposal is allowed. When the gateway rekeys first and the CPE refuses, "
            "the finding is only likely: the CPE does not say what it wanted. Before the first rekey there "
            "is nothing to see, unless the CPE names the group in IKE_AUTH already (GSA-IKE-036); "
            "strongSwan does not."
        ),
        fix=(
            "Switch PFS off in phase 2 of the CPE. FortiGate: set pfs disable in phase2-interface. IOS XE: "
            "no set pfs in the IPsec profile. Palo Alto: DH group no-pfs in the IPsec crypto profile. Or "
            "create the device link again with a custom policy that has the CPE's group as pfsGroup. To "
            "see a rekey within a minute, set gateway.ike.childLifetimeSeconds to 60 in the lab file."
        ),
        service=(
            "NO_PROPOSAL_CHOSEN on the wire is assumed; the health log has a tunnel that disconnects "
            "regularly."
        ),
    ),
)
