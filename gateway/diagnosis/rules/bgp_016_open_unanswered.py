"""GSA-BGP-016: TCP connects, and BGP stops there: one end does not take the other's OPEN."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.bgp_attempts import NO_BGP, NO_BGP_LOG, TTL_SECURITY, syns_of_the_link
from gateway.diagnosis.rules.common import seconds

SILENCE_SECONDS = 10.0
"""From TCP to Established takes three round trips; what is lost on the way is sent again within seconds."""


def _find(history: History) -> Evidence | None:
    up = history.up_since
    if up is None or history.bgp is not None:
        return None
    connected = history.last("connected", after=up["id"])
    if connected is None or history.age(connected) < SILENCE_SECONDS:
        return None
    if history.all("established", "closed", after=connected["id"]):
        return None
    opened = history.last("open_received", after=connected["id"])
    syns = [syn for syn in syns_of_the_link(history) if syn["id"] < connected["id"]]
    secured = bool(syns) and syns[-1]["data"]["ttl"] == TTL_SECURITY
    facts = history.tunnel
    return Evidence(
        where=f"BGP inside the tunnel (record {(opened or connected)['id']})",
        saw=(
            f"TCP connected, {'the OPEN of the CPE' if opened else 'no OPEN of the CPE'}, and no KEEPALIVE "
            f"in {seconds(history.age(connected))}"
            + ("; the CPE's SYN had TTL 255, as TTL security wants it" if secured else "")
        ),
        expected="a KEEPALIVE of the CPE, at once after the gateway's OPEN",
        because=(*syns[-1:], connected, *([opened] if opened else ())),
        fix=Fix(
            cpe=(
                f"let TCP from {facts.local_bgp} port 179 in from the tunnel at any time, large packets too"
                + (f", and switch TTL security off for neighbour {facts.local_bgp}" if secured else "")
            ),
            device_link="nothing",
        ),
    )


RULE = Rule(
    code="GSA-BGP-016",
    title="BGP stops after TCP has connected",
    step=Step.BGP,
    certainty=Certainty.LIKELY,
    service=NO_BGP,
    find=_find,
    page=Page(
        symptom="The tunnel is up, TCP 179 connects, and the CPE's BGP session stays in OpenSent.",
        cause=(
            "The CPE does not get, or does not take, the gateway's OPEN: TTL security (GTSM, RFC 5082) on "
            "the CPE drops what comes with a TTL below 255, a firewall lets the handshake through and not "
            "what follows, or packets of one size are lost."
        ),
        proof=(
            f"TCP connected, and in {SILENCE_SECONDS:.0f} seconds the session neither came up nor ended. "
            "That is silence, so the finding is likely. A SYN with TTL 255 is how a CPE with TTL security "
            "begins; some CPEs send it with multihop, too."
        ),
        fix=(
            "Switch TTL security off for this neighbour and use multihop (BIRD: no ttl security; FRR, IOS "
            "XE: no neighbor ... ttl-security, neighbor ... ebgp-multihop 2). Count what the firewall "
            "drops in from the tunnel interface."
        ),
        service=NO_BGP_LOG,
    ),
)
