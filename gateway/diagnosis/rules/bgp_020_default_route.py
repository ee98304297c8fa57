"""GSA-BGP-020: the CPE announces a default route."""

from gateway.diagnosis.finding import Certainty, Severity
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules import announced


def _find(history: History) -> Evidence | None:
    found = announced.refused(history, "default_route")
    if found is None:
        return None
    return announced.evidence(
        found[0],
        saw=f"{announced.some(found[1])} among the prefixes of the CPE{_halves(found[1])}; "
        "the lab does not take it",
        expected="the prefixes of the branch's LAN, and nothing else",
        cpe="do not announce its default route to this neighbour: filter it out, or stop redistributing it",
    )


def _halves(prefixes: list[str]) -> str:
    return "" if "0.0.0.0/0" in prefixes else ": a default route in halves"


RULE = Rule(
    code="GSA-BGP-020",
    title="The CPE announces a default route",
    step=Step.ROUTES,
    certainty=Certainty.PROVEN,
    severity=Severity.WARNING,
    service="documents nothing about it: taken, it would lead all answers into this branch",
    find=_find,
    page=Page(
        symptom="Nothing, at first. With a second link, answers may take the wrong way.",
        cause=(
            "The CPE redistributes its routing table, or originates a default route to all its neighbours "
            "(FRR, IOS XE: neighbor ... default-originate; FortiGate: set capability-default-originate)."
        ),
        proof="0.0.0.0/0, or one of its halves 0.0.0.0/1 and 128.0.0.0/1, in an UPDATE message of the CPE.",
        fix=(
            "Announce the branch's own prefixes by name, with an export filter that ends in a deny. The "
            "lab refuses the default route and takes the rest."
        ),
        service="Nothing: what a CPE announces is not shown.",
    ),
)
