"""GSA-IKE-036: the CPE names a PFS group in IKE_AUTH that its rekeys will be refused for."""

from gateway.diagnosis.finding import Certainty, Fix, Severity
from gateway.diagnosis.history import History
from gateway.diagnosis.notation import strongswan
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.child_sa import NO_GROUP, refused_for_pfs_alone
from gateway.diagnosis.rules.common import device_link, where


def _find(history: History) -> Evidence | None:
    evaluated = [r for r in history.all("proposals_evaluated") if r["data"]["exchange"] == "IKE_AUTH"]
    if not evaluated or evaluated[-1]["data"]["selected"] is None or refused_for_pfs_alone(history):
        return None
    groups = evaluated[-1]["data"].get("groups_without_meaning", [])
    allowed = history.tunnel.pfs
    if not groups or NO_GROUP in groups or allowed is None or set(groups) & set(allowed):
        return None
    names = next(iter(history.tunnel.esp.values()), {})
    return Evidence(
        where=where(evaluated[-1], "IKE_AUTH request"),
        saw=f"Diffie-Hellman group {'|'.join(groups)} in the ESP proposals; IKE_AUTH has no use for it yet",
        expected=(
            f"{' or '.join(allowed) or 'no group'} at the first rekey: {device_link(history)} has "
            f"{'that PFS group' if allowed else 'no PFS'}"
        ),
        because=(evaluated[-1],),
        fix=Fix(
            cpe=f"set PFS in phase 2 to {' or '.join(allowed)}" if allowed else "switch PFS off in phase 2",
            device_link="a custom policy with that group as pfsGroup, on a new link",
            strongswan="" if allowed else f"esp_proposals = {strongswan(names)}",
        ),
    )


RULE = Rule(
    code="GSA-IKE-036",
    title="The first rekey will be refused for its PFS group",
    step=Step.CHILD_SA,
    certainty=Certainty.LIKELY,
    severity=Severity.WARNING,
    service="would show nothing until the first rekey, which it would refuse",
    find=_find,
    page=Page(
        symptom="None yet. After the first lifetime of the CHILD SA the tunnel goes down (GSA-IKE-033, 034).",
        cause=(
            "The CPE's ESP proposals name a Diffie-Hellman group, which means perfect forward secrecy at "
            "rekeys, and the policy of the device link has none, or another one."
        ),
        proof=(
            "The group stands in the SA payload of IKE_AUTH, where it has no effect: the first CHILD SA "
            "takes its keys from the IKE SA (RFC 7296 section 1.2). Most CPEs, strongSwan among them, "
            "leave it out there; then nothing can be forecast, and the first CREATE_CHILD_SA shows it."
        ),
        fix="Make the PFS setting of phase 2 on the CPE that of the policy: none, with the default policy.",
        service="Nothing; the tunnel works until its first rekey.",
    ),
)
