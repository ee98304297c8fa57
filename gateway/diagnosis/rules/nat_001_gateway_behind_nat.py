"""GSA-NAT-001: a NAT stands before the gateway, and the gateway was not told so."""

from gateway.diagnosis.finding import Certainty, Fix, Severity
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import where


def _find(history: History) -> Evidence | None:
    detection = history.last("nat_detection")
    if detection is None or not detection["data"]["status"]["local_behind_nat"]:
        return None
    tunnel = history.tunnel
    known = tunnel.advertised_endpoint
    told = "as set in gateway.advertise" if known != tunnel.endpoint else "its own address"
    return Evidence(
        where=where(detection, "NAT_DETECTION_DESTINATION_IP of the IKE_SA_INIT request"),
        saw=f"the hash of another address or port than {known}, {told}: something rewrites the destination",
        expected=f"the hash of {known} and the UDP port at which the request arrived",
        because=(detection,),
        fix=Fix(
            cpe="nothing",
            device_link=(
                "nothing; in the lab file, gateway: {advertise: {"
                f"{tunnel.endpoint}: ADDRESS}}}}, with the address that is entered on the CPE as its peer"
            ),
        ),
    )


RULE = Rule(
    code="GSA-NAT-001",
    title="A NAT before the gateway",
    step=Step.IKE_SA_INIT,
    certainty=Certainty.PROVEN,
    severity=Severity.WARNING,
    service="has public addresses of its own: no CPE would find a NAT before it",
    find=_find,
    page=Page(
        symptom=(
            "Everything may work, but the CPE reports that its peer is behind a NAT, ESP goes in UDP "
            "although the CPE has a public address, and the View configuration names an address that the "
            "CPE cannot reach."
        ),
        cause=(
            "The CPE sends to an address that is not the gateway's own. Publishing the ports of a "
            "container (docker run -p 500:500/udp) is such a NAT: the engine rewrites the destination to "
            "the container's address. So is a port forwarding on a router before the gateway's machine."
        ),
        proof=(
            "The CPE puts a hash of the address and port to which it sends into IKE_SA_INIT (RFC 7296 "
            "section 2.23). It is not the hash of the address and port at which the request arrived, nor "
            "of the address in gateway.advertise."
        ),
        fix=(
            "Set gateway.advertise in the lab file: the gateway's own address, and the one that is "
            "entered on the CPE. Both hashes and the View configuration then use it. Published ports have "
            "to be the same outside and inside, 500 and 4500. Or do without the NAT: host networking, or a "
            "macvlan network."
        ),
        service="Nothing: its endpoints are public addresses without a NAT before them.",
    ),
)
