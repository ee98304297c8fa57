"""GSA-IKE-011: the CPE's key exchange used another group, and it did not try again with the right one."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.notation import STRONGSWAN_DH
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import seconds, where

RETRY_SECONDS = 5.0
"""A CPE that follows RFC 7296 section 1.3 tries again at once."""
GIVEN_UP = 3
"""So many refusals in a row show that it does not change its group."""


def _find(history: History) -> Evidence | None:
    answered = history.last("ike_sa_init_answered")
    refused = [
        r
        for r in history.all("request_refused", after=answered["id"] if answered else 0)
        if (r["data"]["exchange"], r["data"]["notify"]) == ("IKE_SA_INIT", "INVALID_KE_PAYLOAD")
    ]
    if not refused or history.all("message_received", after=refused[-1]["id"]):
        return None
    last = refused[-1]
    evaluated = history.last("proposals_evaluated")
    if evaluated is None or (history.age(last) < RETRY_SECONDS and len(refused) < GIVEN_UP):
        return None
    group = evaluated["data"]["selected"].rpartition(" / ")[2]
    silence = f"{seconds(history.age(last))} later no request with that group has come"
    return Evidence(
        where=where(last, "IKE_SA_INIT request"),
        saw=f"{last['data']['reason']}; "
        + (silence if len(refused) < GIVEN_UP else f"{len(refused)} times in a row"),
        expected=f"a second IKE_SA_INIT request, with a key exchange in {group}",
        because=(evaluated, last),
        fix=Fix(
            cpe=f"put {group} first among its Diffie-Hellman groups, or make it the only one",
            device_link="nothing: the proposals agree",
            strongswan=f"proposals = ...-{STRONGSWAN_DH[group]}" if group in STRONGSWAN_DH else "",
        ),
    )


RULE = Rule(
    code="GSA-IKE-011",
    title="Key exchange in the wrong Diffie-Hellman group, not tried again",
    step=Step.IKE_SA_INIT,
    certainty=Certainty.POSSIBLE,
    service="would answer INVALID_KE_PAYLOAD, as far as is known, and wait",
    find=_find,
    page=Page(
        symptom="Phase 1 stops after the first message although the proposals agree.",
        cause=(
            "The CPE offers an allowed group, but its KE payload was computed in another one of its "
            "list. The gateway names the right group in INVALID_KE_PAYLOAD, and the CPE has to send "
            "IKE_SA_INIT again with it (RFC 7296 section 1.3). Some devices do not, or the answer "
            "gets lost on the way."
        ),
        proof=(
            f"No new request within {RETRY_SECONDS:.0f} seconds, or {GIVEN_UP} refusals in a row. That "
            "is silence, so the finding is only possible: the answer may not have reached the CPE."
        ),
        fix="Make the allowed group the first or the only one on the CPE.",
        service="INVALID_KE_PAYLOAD is assumed; the behaviour is not documented.",
    ),
)
