"""How CHILD SAs are asked for after IKE_AUTH: what the rules about rekeying read."""

from collections.abc import Mapping
from typing import Any

from gateway.diagnosis.facts import Record
from gateway.diagnosis.history import History

REKEY = "CREATE_CHILD_SA"
NO_GROUP = "NONE"


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
    if refused["data"]["notify"] not in {"NO_PROPOSAL_CHOSEN", "INVALID_KE_PAYLOAD"}:
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
