"""GSA-BGP-007: the CPE has the gateway's AS number."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.bgp_attempts import NO_BGP, NO_BGP_LOG, as_number_mismatch
from gateway.diagnosis.rules.common import device_link


def _find(history: History) -> Evidence | None:
    mismatch, facts = as_number_mismatch(history), history.tunnel
    if mismatch is None or mismatch[1] != facts.local_asn:
        return None
    return Evidence(
        where=f"BGP OPEN inside the tunnel (record {mismatch[0]['id']})",
        saw=f"AS {facts.local_asn} in the CPE's OPEN: both ends have the same number",
        expected=f"AS {facts.peer_asn}, the device ASN of {device_link(history)}: the session is eBGP",
        because=(mismatch[0],),
        fix=Fix(
            cpe=f"local AS {facts.peer_asn}; {facts.local_asn} is the remote AS, that of neighbour "
            f"{facts.local_bgp}",
            device_link="nothing: no device link can have Microsoft's number",
        ),
    )


RULE = Rule(
    code="GSA-BGP-007",
    title="Both ends have the same AS number",
    step=Step.BGP,
    certainty=Certainty.PROVEN,
    service=NO_BGP,
    find=_find,
    page=Page(
        symptom=(
            "The TCP connection to port 179 opens and closes again and again; the CPE takes the session for "
            "an internal one (iBGP) and logs OPEN Message Error, Bad Peer AS."
        ),
        cause=(
            "65476 was entered on the CPE as its own AS number. It is Microsoft's, in every tenant; the "
            "session is external (eBGP), so the two ends have different numbers."
        ),
        proof="The AS number in the CPE's OPEN message, and the NOTIFICATION Bad Peer AS after it.",
        fix=(
            "The CPE's own AS is the device ASN of the link; 65476 is the AS of its neighbour. Where the "
            "CPE uses 65476 elsewhere, FRR and IOS XE have neighbor ... local-as for one session."
        ),
        service=NO_BGP_LOG,
    ),
)
