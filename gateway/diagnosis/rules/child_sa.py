"""How CHILD SAs are asked for after IKE_AUTH: what the rules about rekeying read, and those about PFS say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.diagnosis.facts import Record
from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import where
from gateway.diagnosis.what_if import what_if

REKEY = "CREATE_CHILD_SA"
NO_GROUP = "NONE"
PFS_REFUSALS = frozenset({"NO_PROPOSAL_CHOSEN", "INVALID_KE_PAYLOAD"})
"""How a CPE refuses a rekey whose PFS setting is not its own."""


@dataclass(frozen=True, kw_only=True)
class PfsRefusal:
    """A rekey of the CHILD SA that was refused for its PFS group, or for want of one.

    Args:
        record: The gateway's verdict on the CPE's proposal, or the CPE's refusal of ours.
        offered: Groups that the CPE offered; empty when it offered none, or refused ours.
        allowed: Groups of the policy; empty when it has none, or the CPE refused ours.
        by_cpe: Whether the CPE refused.
    """

    record: Record
    offered: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    by_cpe: bool = False

    def evidence(
        self, history: History, *, asked: str, expected: str, ours: str, fix: Fix, title: str | None
    ) -> Evidence:
        """The evidence.

        Args:
            history: Of the tunnel.
            asked: How the CPE asked for its CHILD SA.
            expected: Of the CPE's request.
            ours: How we asked, when the CPE refused.
            fix: What to do.
            title: Instead of the rule's.
        """
        if self.by_cpe:
            return Evidence(
                where=where(self.record, f"{REKEY} response"),
                saw=f"{self.record['data']['notify']} to our rekeying of the CHILD SA, {ours}",
                expected="an SA payload: the CPE took the same proposal in IKE_AUTH, where PFS does not show",
                because=(self.record,),
                fix=fix,
                certainty=Certainty.LIKELY,
            )
        return Evidence(
            title=title,
            where=where(self.record, f"{REKEY} request"),
            saw=f"a CHILD SA asked for {asked}; all else in the proposal is allowed",
            expected=expected,
            because=(self.record,),
            fix=fix,
            what_if=what_if(history, self.record),
        )


def pfs_refusal(history: History, *, wanted: bool) -> PfsRefusal | None:
    """The last rekey of the CHILD SA when PFS alone was refused, by a policy that wants it or has none."""
    asked = refused_for_pfs_alone(history)
    if asked is None:
        refused = own_rekey_refused(history, with_group=wanted)
        return PfsRefusal(record=refused, by_cpe=True) if refused else None
    evaluated, group = asked
    if bool(group["allowed"]) != wanted:
        return None
    return PfsRefusal(record=evaluated, offered=tuple(group["offered"]), allowed=tuple(group["allowed"]))


def pfs_rule(
    code: str, title: str, find: Callable[[History], Evidence | None], *, cause: str, proof: str, fix: str
) -> Rule:
    """A rule about a refused rekey; ``cause``, ``proof`` and ``fix`` begin the page's texts or are them."""
    return Rule(
        code=code,
        title=title,
        step=Step.CHILD_SA,
        certainty=Certainty.PROVEN,
        service=(
            "would answer NO_PROPOSAL_CHOSEN to each rekey; the tunnel goes down when its lifetime ends"
        ),
        find=find,
        page=Page(
            symptom=(
                "The tunnel comes up, carries traffic, and dies after the first lifetime, typically an hour. "
                "The CPE logs NO_PROPOSAL_CHOSEN at the rekey, then builds the tunnel anew, for another hour."
            ),
            cause=(
                f"{cause} IKE_AUTH has no key exchange for its CHILD SA (RFC 7296 section 1.2), so the "
                "difference shows only in the first CREATE_CHILD_SA."
            ),
            proof=(
                f"{proof} When the gateway rekeys first and the CPE refuses, the finding is only likely: the "
                "CPE does not say what it wanted. Before the first rekey there is nothing to see, unless the "
                "gateway rekeys on trial, or the CPE names the group in IKE_AUTH already, which strongSwan "
                "does not (GSA-IKE-036)."
            ),
            fix=(
                f"{fix} To know it at start-up, set gateway.ike.trialRekeySeconds to 5 in the lab file: the "
                "gateway tries a rekey then, and tells by GSA-IKE-036 what will come."
            ),
            service=(
                "NO_PROPOSAL_CHOSEN on the wire is assumed; the health log has a tunnel that disconnects "
                "regularly."
            ),
        ),
    )


def refused_for_pfs_alone(history: History) -> tuple[Record, Mapping[str, Any]] | None:
    """The last CREATE_CHILD_SA for a CHILD SA, when nothing but its Diffie-Hellman group was refused.

    Returns:
        The ``proposals_evaluated`` record, and the verdict on the group of its first such proposal.
    """
    evaluated = [
        r for r in history.all("proposals_evaluated") if r["data"]["exchange"] == REKEY and _for_esp(r)
    ]
    if not evaluated or evaluated[-1]["data"]["selected"] is not None:
        return None
    for verdict in evaluated[-1]["data"]["verdicts"]:
        refused = [transform for transform in verdict["transforms"] if not transform["accepted"]]
        if [transform["type"] for transform in refused] == ["DH"]:
            return evaluated[-1], refused[0]
    return None


def own_rekey_refused(history: History, *, with_group: bool) -> Record | None:
    """The refusal of our last rekey of a CHILD SA, when that had a key exchange, or had none.

    NO_PROPOSAL_CHOSEN says that the CPE takes none of our proposals, INVALID_KE_PAYLOAD that it wants another
    group than the policy has. In IKE_AUTH the same proposals were taken: only the group can be new.
    """
    refused = history.last("own_request_refused")
    if refused is None or refused["data"]["again"] or refused["data"]["purpose"] != "rekey the CHILD SA":
        return None
    if refused["data"]["notify"] not in PFS_REFUSALS:
        return None
    requests = [
        r
        for r in history.all("message_sent")
        if r["id"] < refused["id"] and r["data"]["exchange"] == REKEY and not r["data"]["is_response"]
    ]
    sent_group = bool(requests) and "KE" in requests[-1]["data"]["payloads"]
    return refused if requests and sent_group == with_group else None


def _for_esp(evaluated: Record) -> bool:
    """Whether it is about a CHILD SA: CREATE_CHILD_SA rekeys the IKE SA too, which has a PRF."""
    return not any(
        t["type"] == "PRF" for verdict in evaluated["data"]["verdicts"] for t in verdict["transforms"]
    )
