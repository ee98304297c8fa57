"""GSA-IKE-045: both ends keep rekeying at the same time."""

from gateway.diagnosis.finding import Certainty, Fix, Severity
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import seconds, where

_AGAIN = 2
"""One collision is chance."""


def _find(history: History) -> Evidence | None:
    collided = history.all("rekey_collision")
    if len(collided) < _AGAIN:
        return None
    first, last = collided[-_AGAIN], collided[-1]
    what = "IKE SA" if last["data"]["of_ike_sa"] else "CHILD SA"
    every = seconds(last["time"] - first["time"])
    return Evidence(
        where=where(last, "CREATE_CHILD_SA exchange"),
        saw=f"{len(collided)} times both ends rekeyed the same {what} at once, the last two {every} apart",
        expected="one end that rekeys first: lifetimes that differ",
        because=(first, last),
        fix=Fix(
            cpe="set its lifetimes well under the gateway's, or well over them, and let chance vary them",
            device_link="nothing: lifetimes are not negotiated",
            strongswan="rekey_time = 3000s\nrand_time = 300s",
        ),
    )


RULE = Rule(
    code="GSA-IKE-045",
    title="Both ends rekey at the same time, again and again",
    step=Step.CHILD_SA,
    certainty=Certainty.PROVEN,
    severity=Severity.WARNING,
    service="would show nothing; how it settles a collision is not known",
    find=_find,
    page=Page(
        symptom=(
            "At each rekey there are two new SAs for a moment, and one is deleted; with some devices "
            "packets are lost or the tunnel goes down."
        ),
        cause=(
            "The lifetimes of both ends are the same and do not vary, so both rekey in the same moment. "
            "RFC 7296 section 2.8.1 says which of the two stays: the other is deleted. Not every device "
            "does that well."
        ),
        proof="Two or more collisions that the gateway took part in and settled. One alone is no finding.",
        fix=(
            "Let the CPE's lifetimes differ from the gateway's by some minutes: the gateway rekeys shortly "
            "before its own lifetimes end, an hour for a CHILD SA and eight hours for the IKE SA unless "
            "the lab file says otherwise."
        ),
        service="Nothing. The lifetimes of the default policy are not documented.",
    ),
)
