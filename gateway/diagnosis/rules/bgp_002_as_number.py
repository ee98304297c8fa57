"""GSA-BGP-002: one end finds another AS number in the OPEN message than it expects."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.bgp_attempts import NO_BGP, NO_BGP_LOG, as_number_mismatch
from gateway.diagnosis.rules.common import device_link
from gateway.model.fields import reserved_asn


def _find(history: History) -> Evidence | None:
    mismatch, facts = as_number_mismatch(history), history.tunnel
    if mismatch is None:
        return None
    last, number = mismatch
    if number is not None and (number == facts.local_asn or reserved_asn(number)):
        return None
    detail = f": {last['data']['detail']}" if last["data"]["detail"] else ""
    if last["name"] == "notification_sent":
        saw = f"AS {number} in the CPE's OPEN" if number else f"another AS number in the CPE's OPEN{detail}"
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
    service=NO_BGP,
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
        service=NO_BGP_LOG,
    ),
)
