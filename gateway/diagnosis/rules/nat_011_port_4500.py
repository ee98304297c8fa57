"""GSA-NAT-011: a NAT keeps source port 500 and gives 4500 another one."""

from gateway.diagnosis.finding import Certainty, Fix, Severity
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import where
from gateway.diagnosis.rules.source_ports import IKE, NATT, arrivals, believed


def _find(history: History) -> Evidence | None:
    seen = arrivals(history)
    if seen is None or seen.ports[0] != IKE or seen.ports[1] == NATT:
        return None
    return Evidence(
        where=where(seen.auth, "IKE_AUTH request"),
        saw=f"source port {seen.ports[1]} on UDP 4500, after 500 on UDP 500{believed(history, seen.init)}",
        expected="source port 4500",
        because=(seen.init, seen.auth),
        fix=Fix(
            cpe=(
                "forward UDP 500 and 4500 to the CPE on the router before it, or switch IPsec passthrough "
                "off there; send NAT keepalives every 20 s"
            ),
            device_link="nothing: IKE_SA_INIT comes from port 500",
            strongswan="keep_alive = 20s   (in strongswan.conf)",
        ),
    )


RULE = Rule(
    code="GSA-NAT-011",
    title="Source port 4500 is rewritten",
    step=Step.IKE_AUTH,
    certainty=Certainty.PROVEN,
    severity=Severity.WARNING,
    service="is documented to support NAT traversal; the tunnel works while the mapping lasts",
    find=_find,
    page=Page(
        symptom="None at first. When the NAT forgets its mapping, the tunnel stalls until the CPE sends.",
        cause=(
            "A NAT between the CPE and the gateway keeps source port 500 and gives UDP 4500 a port of its "
            "own choice. It may choose another one at any time; the gateway can only follow, once the CPE "
            "has sent."
        ),
        proof=(
            "The source ports of IKE_SA_INIT and of IKE_AUTH, as they arrived. Where the CPE's hash in "
            "NAT_DETECTION_SOURCE_IP fits a usual private address, the finding names what the CPE believes "
            "to be; strongSwan with forced encapsulation sends a hash that fits none, and only the ports "
            "are told."
        ),
        fix=(
            "Forward UDP 500 and 4500 to the CPE on the router before it, so that both ports stay, or let "
            "the CPE have the public address itself. Keep the mapping alive: NAT keepalives every 20 "
            "seconds, and a UDP timeout on the router that is longer."
        ),
        service="Nothing, while it works.",
    ),
)
