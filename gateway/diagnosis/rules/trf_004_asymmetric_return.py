"""GSA-TRF-004: the answer to a connection from outside goes into the tunnel."""

from gateway.diagnosis.finding import Certainty, Fix, Severity
from gateway.diagnosis.history import History, host
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.traffic import recent


def _find(history: History) -> Evidence | None:
    seen = recent(history, history.all("syn_ack_without_syn"))
    if seen is None:
        return None
    source, destination = seen["data"]["source"], seen["data"]["destination"]
    is_cpe = host(source) == history.tunnel.peer
    server = f"{host(source)}, the CPE's public address" if is_cpe else host(source)
    return Evidence(
        where=f"TCP SYN-ACK inside the tunnel (record {seen['id']})",
        saw=f"a SYN-ACK {source} to {destination}, whose SYN did not come through the tunnel; it was dropped",
        expected=f"the answer by the way that the SYN from {host(destination)} came",
        because=(seen,),
        fix=Fix(
            cpe=f"send what comes from {server} out by the WAN (policy-based routing by source address), or "
            f"route {host(destination)} by the WAN",
            device_link="nothing: the service carries only what the branch opens through the tunnel",
        ),
    )


RULE = Rule(
    code="GSA-TRF-004",
    title="An answer without its question: asymmetric return",
    step=Step.TRAFFIC,
    certainty=Certainty.PROVEN,
    severity=Severity.WARNING,
    service="drops the packet: a SYN-ACK for a session with no corresponding SYN",
    find=_find,
    page=Page(
        symptom=(
            "Since the tunnel is up, SSH, RDP or the web interface of the CPE, or of a published server, "
            "can no longer be reached from the internet."
        ),
        cause=(
            "The client's SYN comes in from the internet by the WAN. The answer follows the routing table, "
            "where the client's address is now behind the tunnel: BGP brought a prefix that covers it. "
            "The service never saw the SYN, keeps state, and drops the SYN-ACK."
        ),
        proof=(
            "A SYN-ACK came out of the tunnel. The gateway opens no connections towards a branch, so it "
            "cannot answer anything that went in."
        ),
        fix=(
            "Answer by the way the question came: policy-based routing by the published source address "
            "(Linux: ip rule from ADDRESS; IOS XE: route-map with set ip next-hop; FortiGate: policy route; "
            "PAN-OS: symmetric return in a PBF rule), or more specific routes by the WAN for the clients."
        ),
        service="Nothing. Microsoft's lab pages describe the drop.",
    ),
)
