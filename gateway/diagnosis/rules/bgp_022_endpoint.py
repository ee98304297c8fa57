"""GSA-BGP-022: the CPE announces a prefix that covers the tunnel's endpoint."""

from ipaddress import IPv4Address, IPv4Network

from gateway.diagnosis.finding import Certainty, Severity
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules import announced
from gateway.model.cautions import PRIVATE


def _find(history: History) -> Evidence | None:
    endpoint = IPv4Address(history.tunnel.advertised_endpoint)
    if history.bgp is None or any(endpoint in network for network in PRIVATE):
        return None
    covering = [p for p in history.learned if endpoint in IPv4Network(p) and IPv4Network(p).prefixlen > 1]
    records = [
        r for r in history.all("routes_learned") if not set(covering).isdisjoint(r["data"]["prefixes"])
    ]
    if not records:
        return None
    return announced.evidence(
        records[-1],
        saw=f"{announced.some(covering)} among the prefixes of the CPE, which covers the tunnel's endpoint "
        f"{endpoint}",
        expected="the prefixes of the branch's LAN: the endpoint is on the internet",
        cpe="announce only the branch's own prefixes, not those of its WAN side",
    )


RULE = Rule(
    code="GSA-BGP-022",
    title="The CPE announces the tunnel's endpoint",
    step=Step.ROUTES,
    certainty=Certainty.PROVEN,
    severity=Severity.WARNING,
    service="documents nothing about it: a gateway that took it could lose its way to the CPE",
    find=_find,
    page=Page(
        symptom="Nothing here; elsewhere the tunnel dies soon after BGP is up.",
        cause=(
            "The CPE announces a prefix of its WAN side, or all its static routes, among them the host "
            "route that pins the tunnel's endpoint to the WAN (redistribute static)."
        ),
        proof=(
            "A prefix in an UPDATE message of the CPE covers the gateway's endpoint. Endpoints with private "
            "addresses, as labs have them, are not looked at."
        ),
        fix="An export filter for this neighbour: the branch's prefixes by name, everything else denied.",
        service="Nothing: what a CPE announces is not shown.",
    ),
)
