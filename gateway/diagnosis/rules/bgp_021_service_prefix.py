"""GSA-BGP-021: the CPE announces prefixes that belong to the service."""

from gateway.diagnosis.finding import Certainty, Severity
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules import announced


def _find(history: History) -> Evidence | None:
    found = announced.refused(history, "advertised")
    if found is None:
        return None
    return announced.evidence(
        found[0],
        saw=f"{announced.some(found[1])} among the prefixes of the CPE: the service's own; "
        "the lab does not take them",
        expected="the prefixes of the branch's LAN, and nothing else",
        cpe="announce only the branch's own prefixes; filter what it learned by BGP elsewhere",
    )


RULE = Rule(
    code="GSA-BGP-021",
    title="The CPE announces the service's own prefixes",
    step=Step.ROUTES,
    certainty=Certainty.PROVEN,
    severity=Severity.WARNING,
    service="documents nothing about it: taken, it would lead traffic to Microsoft into this branch",
    find=_find,
    page=Page(
        symptom="Parts of the traffic to Microsoft are lost, or nothing, where the far end filters.",
        cause=(
            "The CPE announces what it knows from elsewhere: from another link (it becomes a transit "
            "network), a static route to Microsoft, or a summary that covers one of them. What it learned "
            "from the gateway and gives back with the gateway's AS number in its AS path does no harm and is "
            "no finding; a CPE that removes private AS numbers (65476 is one) makes it its own."
        ),
        proof=(
            "A prefix in an UPDATE message of the CPE is, covers or lies in one that the gateway "
            "advertises to it."
        ),
        fix=(
            "An export filter for this neighbour: the branch's prefixes by name, everything else denied. "
            "By the AS path: permit only routes that the CPE originates (FRR, IOS XE: ip as-path "
            "access-list 1 permit ^$)."
        ),
        service="Nothing: what a CPE announces is not shown.",
    ),
)
