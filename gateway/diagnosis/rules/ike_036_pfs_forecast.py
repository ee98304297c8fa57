"""GSA-IKE-036: the first rekey will be refused for PFS: a trial shows it, or the group named in IKE_AUTH."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.finding import Certainty, Fix, Severity
from gateway.diagnosis.history import History
from gateway.diagnosis.notation import STRONGSWAN_DH, strongswan
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.child_sa import NO_GROUP, PFS_REFUSALS, REKEY, pfs_refusal
from gateway.diagnosis.rules.common import device_link, span, where


def _find(history: History) -> Evidence | None:
    return _refused_on_trial(history) or _named_in_ike_auth(history)


def _refused_on_trial(history: History) -> Evidence | None:
    refused = history.last("trial_rekey_refused")
    if refused is None or refused["data"]["notify"] not in PFS_REFUSALS or not _is_open(history, refused):
        return None
    anew = history.last("ike_sa_established", after=refused["id"])
    if anew and not history.all("trial_rekey_omitted", after=anew["id"]):
        return None  # perhaps with another setting, which has a trial of its own
    data = refused["data"]
    group, wanted = data["group"], data["wanted_group"]
    asked = f"with Diffie-Hellman group {group}" if group else "without PFS"
    wish = f", and wants group {wanted}" if wanted else ""
    ends = f", within {span(data['ends_after'])}" if data["ends_after"] is not None else ""
    return Evidence(
        where=where(refused, f"{REKEY} response"),
        saw=(
            f"{data['notify']} to a trial rekey {asked}{wish}; the CPE took the same algorithms in "
            "IKE_AUTH, where PFS does not show"
        ),
        expected=(
            f"a rekey {asked}, as {device_link(history)} has it; the tunnel works now, and ends "
            f"with its first lifetime{ends}"
        ),
        because=(refused,),
        fix=Fix(
            cpe=_on_the_cpe(group),
            device_link=(
                f"a policy {'without PFS, or ' if group else ''}with {wanted or 'the group of the CPE'} as "
                "pfsGroup, on a new link (links cannot be edited)"
            ),
            strongswan=_strongswan(history, group),
        ),
        certainty=Certainty.PROVEN,
    )


def _named_in_ike_auth(history: History) -> Evidence | None:
    evaluated = [r for r in history.all("proposals_evaluated") if r["data"]["exchange"] == "IKE_AUTH"]
    if not evaluated or evaluated[-1]["data"]["selected"] is None or not _is_open(history, evaluated[-1]):
        return None
    groups = evaluated[-1]["data"].get("groups_without_meaning", [])
    allowed = history.tunnel.pfs
    if not groups or NO_GROUP in groups or allowed is None or set(groups) & set(allowed):
        return None
    wanted = " or ".join(allowed)
    return Evidence(
        where=where(evaluated[-1], "IKE_AUTH request"),
        saw=f"Diffie-Hellman group {'|'.join(groups)} in the ESP proposals; IKE_AUTH has no use for it yet",
        expected=(
            f"{wanted or 'no group'} at the first rekey: {device_link(history)} has "
            f"{'that PFS group' if allowed else 'no PFS'}"
        ),
        because=(evaluated[-1],),
        fix=Fix(
            cpe=_on_the_cpe(wanted),
            device_link="a custom policy with that group as pfsGroup, on a new link",
            strongswan="" if allowed else _strongswan(history, ""),
        ),
    )


def _is_open(history: History, since: Record) -> bool:
    """Whether no rekey after a record has worked, and none was refused for PFS."""
    made = history.all("child_sa_established", after=since["id"])
    refused = pfs_refusal(history, wanted=False) or pfs_refusal(history, wanted=True)
    worked = any(record["data"]["replaces"] is not None for record in made)
    return not worked and (refused is None or refused.record["id"] < since["id"])


def _on_the_cpe(group: str) -> str:
    return f"set PFS in phase 2 to {group}" if group else "switch PFS off in phase 2"


def _strongswan(history: History, group: str) -> str:
    proposal = strongswan(next(iter(history.tunnel.esp.values()), {}))
    if not group:
        return f"esp_proposals = {proposal}"
    return f"esp_proposals = {proposal}-{STRONGSWAN_DH[group]}" if group in STRONGSWAN_DH else ""


RULE = Rule(
    code="GSA-IKE-036",
    title="The first rekey will be refused for its PFS setting",
    step=Step.CHILD_SA,
    certainty=Certainty.LIKELY,
    severity=Severity.WARNING,
    service="would show nothing until the first rekey, which it would refuse",
    find=_find,
    page=Page(
        symptom="None yet. After the first lifetime of the CHILD SA the tunnel goes down (GSA-IKE-033, 034).",
        cause=(
            "Perfect forward secrecy is set on the CPE and not in the policy of the device link, or in the "
            "policy and not on the CPE, or with different Diffie-Hellman groups. The first CHILD SA takes "
            "its keys from the IKE SA (RFC 7296 section 1.2), so the tunnel comes up all the same."
        ),
        proof=(
            "With gateway.ike.trialRekeySeconds in the lab file, the gateway rekeys the first CHILD SA that "
            "many seconds after the start, with the PFS setting of the policy. A CPE with the same setting "
            "agrees, and nothing is lost. Another one refuses with NO_PROPOSAL_CHOSEN, or with "
            "INVALID_KE_PAYLOAD and the group that it wants: that rekeys are refused is proven, that PFS is "
            "the reason follows, for it is all that CREATE_CHILD_SA adds to what the CPE took in IKE_AUTH. "
            "The CHILD SA lives on to its own end. A refusal for other reasons, such as NO_ADDITIONAL_SAS, "
            "is no finding; a CPE that ends its tunnel over the trial is not tried again. Without a trial "
            "there is a forecast, a likely one, only for a CPE that names a group in IKE_AUTH already, where "
            "it has no effect; most leave it out there, strongSwan among them."
        ),
        fix="Make the PFS setting of phase 2 on the CPE that of the policy: none, with the default policy.",
        service="Nothing; the tunnel works until its first rekey. The service is not known to try.",
    ),
)
