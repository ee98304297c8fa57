"""GSA-IKE-034: the policy wants PFS, and the CPE rekeys without it or with another group."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.notation import STRONGSWAN_DH, strongswan
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.child_sa import own_rekey_refused, refused_for_pfs_alone
from gateway.diagnosis.rules.common import device_link, where


def _find(history: History) -> Evidence | None:
    asked = refused_for_pfs_alone(history)
    if asked is None:
        return _refused_by_the_cpe(history)
    evaluated, group = asked
    if not group["allowed"]:
        return None
    wanted = group["allowed"][0]
    offered = f"with Diffie-Hellman group {'|'.join(group['offered'])}" if group["offered"] else "without PFS"
    return Evidence(
        title=None if not group["offered"] else "Another PFS group than the policy's: the rekey is refused",
        where=where(evaluated, "CREATE_CHILD_SA request"),
        saw=f"a CHILD SA asked for {offered}; all else in the proposal is allowed",
        expected=f"group {wanted}, the PFS group of {device_link(history)}",
        because=(evaluated,),
        fix=_fix(history, wanted),
    )


def _refused_by_the_cpe(history: History) -> Evidence | None:
    refused = own_rekey_refused(history, with_group=True)
    if refused is None:
        return None
    return Evidence(
        where=where(refused, "CREATE_CHILD_SA response"),
        saw=f"{refused['data']['notify']} to our rekeying of the CHILD SA, with the PFS group of the policy",
        expected="an SA payload: the CPE took the same proposal in IKE_AUTH, where PFS does not show",
        because=(refused,),
        fix=_fix(history, ""),
        certainty=Certainty.LIKELY,
    )


def _fix(history: History, group: str) -> Fix:
    proposal = strongswan(next(iter(history.tunnel.esp.values()), {}))
    word = STRONGSWAN_DH.get(group)
    return Fix(
        cpe=f"switch PFS on in phase 2, with {group or 'the group of the policy'}",
        device_link="a policy without PFS, such as the default one, on a new link (links cannot be edited)",
        strongswan=f"esp_proposals = {proposal}-{word}" if word else "",
    )


RULE = Rule(
    code="GSA-IKE-034",
    title="PFS in the policy, none on the CPE: the rekey is refused",
    step=Step.CHILD_SA,
    certainty=Certainty.PROVEN,
    service="would answer NO_PROPOSAL_CHOSEN to each rekey; the tunnel goes down when its lifetime ends",
    find=_find,
    page=Page(
        symptom=(
            "The tunnel comes up, carries traffic, and dies after the first lifetime. The CPE logs "
            "NO_PROPOSAL_CHOSEN at the rekey, then builds the tunnel anew."
        ),
        cause=(
            "The device link has a custom policy with a pfsGroup, and the CPE rekeys its CHILD SA without "
            "a Diffie-Hellman group, or with another one. IKE_AUTH has no key exchange for its CHILD SA "
            "(RFC 7296 section 1.2), so the difference shows only in the first CREATE_CHILD_SA."
        ),
        proof=(
            "The group in the CPE's CREATE_CHILD_SA request against the policy's; the rest of the proposal "
            "is allowed. When the gateway rekeys first and the CPE refuses, the finding is only likely: "
            "the CPE does not say what it wanted."
        ),
        fix=(
            "Set the policy's PFS group in phase 2 of the CPE. FortiGate: set pfs enable and set dhgrp in "
            "phase2-interface. IOS XE: set pfs in the IPsec profile. Palo Alto: DH group in the IPsec "
            "crypto profile. Or create the device link again with a policy without PFS."
        ),
        service=(
            "NO_PROPOSAL_CHOSEN on the wire is assumed; the health log has a tunnel that disconnects "
            "regularly."
        ),
    ),
)
