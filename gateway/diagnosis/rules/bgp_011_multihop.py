"""GSA-BGP-011: the CPE's BGP segments have a TTL of 1."""

from gateway.diagnosis.finding import Certainty, Fix, Severity
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.bgp_attempts import syns_of_the_link


def _find(history: History) -> Evidence | None:
    syns = syns_of_the_link(history)
    if not syns or syns[-1]["data"]["ttl"] != 1:
        return None
    syn = syns[-1]
    return Evidence(
        where=f"TCP SYN inside the tunnel (record {syn['id']})",
        saw="TTL 1: the CPE takes the gateway for a directly connected neighbour",
        expected="TTL 2 or more: the gateway's BGP address is on no network that the CPE shares",
        because=(syn,),
        fix=Fix(
            cpe=f"allow eBGP multihop for neighbour {history.tunnel.local_bgp}, with 2 hops or more",
            device_link="nothing",
        ),
    )


RULE = Rule(
    code="GSA-BGP-011",
    title="eBGP without multihop",
    step=Step.BGP,
    certainty=Certainty.PROVEN,
    severity=Severity.WARNING,
    service="may not answer: every hop from the end of the tunnel to its BGP speaker takes one off the TTL",
    find=_find,
    page=Page(
        symptom=(
            "Here the session may come up. Many routers do not even try without multihop: the neighbour is "
            "not directly connected, the session stays in Idle, and GSA-BGP-001 is found."
        ),
        cause=(
            "eBGP expects its neighbour on a shared network and sends with TTL 1 (RFC 4271 section 5.1.3 "
            "calls the rest multihop). The gateway's BGP address is on none: it is reached by a host route "
            "through the tunnel."
        ),
        proof=(
            "The SYN came out of the tunnel with TTL 1. That the CPE sends so is proven; whether the real "
            "service is one hop further away is not documented, so this is a warning."
        ),
        fix=(
            "BIRD: multihop; FRR, IOS XE: neighbor ... ebgp-multihop 2; FortiGate: set "
            "ebgp-enforce-multihop enable; PAN-OS: Multi Hop 2 in the peer's connection options."
        ),
        service=(
            "Nothing by itself: tunnelConnected without bgpConnected if the segments are lost on the way."
        ),
    ),
)
