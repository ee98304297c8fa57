"""GSA-BGP-002: one end finds another AS number in the OPEN message than it expects."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import device_link

BAD_PEER_AS = (2, 2)
"""OPEN Message Error, Bad Peer AS (RFC 4271 section 6.2)."""


def _find(history: History) -> Evidence | None:
    if history.up_since is None:
        return None
    mismatches = [
        r
        for r in history.all("notification_sent", "notification_received")
        if (r["data"]["code"], r["data"]["subcode"]) == BAD_PEER_AS
    ]
    if not mismatches:
        return None
    last, facts = mismatches[-1], history.tunnel
    detail = f": {last['data']['detail']}" if last["data"]["detail"] else ""
    if last["name"] == "notification_sent":
        saw = f"the CPE's OPEN has another AS number{detail}"
        expected = f"AS {facts.peer_asn}, the device ASN of {device_link(history)}"
    else:
        saw = f"the CPE refuses our OPEN with Bad Peer AS{detail}"
        expected = f"the CPE to take AS {facts.local_asn} for its neighbour"
    return Evidence(
        where=f"BGP OPEN inside the tunnel (record {last['id']})",
        saw=saw,
        expected=expected,
        because=(last,),
        fix=Fix(
            cpe=f"local AS {facts.peer_asn}, remote AS {facts.local_asn} for neighbour {facts.local_bgp}",
            device_link="if its device ASN is wrong, delete the link and create it again",
        ),
    )


RULE = Rule(
    code="GSA-BGP-002",
    title="AS numbers do not match",
    step=Step.BGP,
    certainty=Certainty.PROVEN,
    service="would show the tunnel as connected and BGP as disconnected",
    find=_find,
    page=Page(
        symptom=(
            "The TCP connection to port 179 opens and closes again and again; the CPE logs OPEN "
            "Message Error, Bad Peer AS."
        ),
        cause=(
            "The AS number in one end's OPEN message is not what the other end is configured for: the "
            "device ASN of the link is not the CPE's, both numbers are swapped, or the CPE expects "
            "another number than Microsoft's 65476."
        ),
        proof=(
            "A NOTIFICATION with code 2 and subcode 2 (RFC 4271 section 6.2), sent by the gateway or "
            "by the CPE."
        ),
        fix=(
            "On the CPE, the local AS is the link's device ASN and the remote AS is 65476. The "
            "portal's column Link ASN shows the CPE's number, not Microsoft's."
        ),
        service="tunnelConnected without bgpConnected in the remote network health log.",
    ),
)
