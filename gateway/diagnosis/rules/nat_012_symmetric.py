"""GSA-NAT-012: a NAT gives UDP 500 and UDP 4500 two ports of its own choice."""

from gateway.diagnosis.finding import Certainty, Fix, Severity
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import where
from gateway.diagnosis.rules.source_ports import IKE, NATT, arrivals, believed


def _find(history: History) -> Evidence | None:
    seen = arrivals(history)
    if seen is None or seen.ports[0] in {IKE, seen.ports[1]} or seen.ports[1] == NATT:
        return None
    init, auth = seen.ports
    return Evidence(
        where=where(seen.auth, "IKE_AUTH request"),
        saw=f"source port {init} on UDP 500, then {auth} on UDP 4500{believed(history, seen.init)}",
        expected="source port 500, then 4500",
        because=(seen.init, seen.auth),
        fix=Fix(
            cpe=(
                "forward UDP 500 and 4500 to the CPE on the router before it, or give the CPE a public "
                "address of its own"
            ),
            device_link="nothing; that the lab accepts it is gateway.ike.natPortRewrite: accept",
        ),
    )


RULE = Rule(
    code="GSA-NAT-012",
    title="Symmetric NAT: other ports for UDP 500 and UDP 4500",
    step=Step.IKE_AUTH,
    certainty=Certainty.PROVEN,
    severity=Severity.WARNING,
    service="is documented in one place to need source port 500, in another to support any NAT",
    find=_find,
    page=Page(
        symptom=(
            "The tunnel works in the lab, which was told to accept rewritten ports, and may not come up "
            "with the service."
        ),
        cause=(
            "A symmetric NAT, such as a carrier's, gives every destination a port of its own, so IKE on "
            "UDP 4500 comes from another port than IKE on UDP 500, and neither is the CPE's."
        ),
        proof="The source ports of IKE_SA_INIT and of IKE_AUTH, as they arrived.",
        fix=(
            "Forward UDP 500 and 4500 to the CPE on the router before it, or have the provider give the "
            "CPE a public address: forwarding cannot be set up on a carrier's NAT."
        ),
        service=(
            "Documented in two ways: the source port 500 has to stay, and NAT traversal is supported. By "
            "default the lab leaves such an IKE_SA_INIT unanswered."
        ),
    ),
)
