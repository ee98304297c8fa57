"""GSA-BGP-008: the CPE has an AS number that no device link can have."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.bgp_attempts import NO_BGP, as_number_mismatch
from gateway.diagnosis.rules.common import device_link
from gateway.model.fields import reserved_asn


def _find(history: History) -> Evidence | None:
    mismatch, facts = as_number_mismatch(history), history.tunnel
    number = mismatch[1] if mismatch else None
    reason = None if number in (None, facts.local_asn) else reserved_asn(number)
    if mismatch is None or reason is None:
        return None
    return Evidence(
        where=f"BGP OPEN inside the tunnel (record {mismatch[0]['id']})",
        saw=f"AS {number} in the CPE's OPEN: {reason}, so no device link can have it",
        expected=f"AS {facts.peer_asn}, the device ASN of {device_link(history)}",
        because=(mismatch[0],),
        fix=Fix(
            cpe=f"local AS {facts.peer_asn} towards neighbour {facts.local_bgp}: for this session alone "
            "where the CPE has to keep its number (local-as)",
            device_link=f"nothing: it would refuse {number}",
        ),
    )


RULE = Rule(
    code="GSA-BGP-008",
    title="The CPE's AS number is reserved",
    step=Step.BGP,
    certainty=Certainty.PROVEN,
    service=NO_BGP,
    find=_find,
    page=Page(
        symptom=(
            "The portal refuses the CPE's AS number, so another one stands in the device link; the CPE logs "
            "OPEN Message Error, Bad Peer AS."
        ),
        cause=(
            "A device link takes a 2-byte AS number that is neither reserved by Azure (8075, 8076, 12076, "
            "65517 to 65520) nor by IANA (23456, 64496 to 64511, 65535 and above), and not 65476. A CPE "
            "with such a number, or with a 4-byte one, cannot have a link of its number. In the same way "
            "a link has no BGP address in 127.0.0.0/8 or 224.0.0.0/4, nor 0.0.0.0 or 255.255.255.255: "
            "gsalab validate refuses a lab file with one."
        ),
        proof=(
            "The AS number in the CPE's OPEN message is reserved, and the NOTIFICATION Bad Peer AS came "
            "after it."
        ),
        fix=(
            "Give the CPE another number, such as one of 64512 to 65475, or present another one in this "
            "session alone: FRR, IOS XE: neighbor ... local-as; BIRD: local ... as in its protocol."
        ),
        service="The portal and Graph refuse the number when the link is created; nothing shows later.",
    ),
)
