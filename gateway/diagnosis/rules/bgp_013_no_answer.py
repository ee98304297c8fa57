"""GSA-BGP-013: the CPE's SYN is answered, and the answer does not reach it."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.bgp_attempts import NO_BGP, NO_BGP_LOG, TTL_SECURITY, syns_of_the_link
from gateway.diagnosis.rules.common import plural, seconds

SILENCE_SECONDS = 5.0
"""A handshake inside a tunnel takes a round trip; a lost segment is repeated after one and three seconds."""
_REPEATED = 2


def _find(history: History) -> Evidence | None:
    up = history.up_since
    if up is None or history.bgp is not None:
        return None
    before = history.last("connected", "closed", after=up["id"]) or up
    answers = history.all("tcp_syn_answered", after=before["id"])
    syns = [syn for syn in syns_of_the_link(history) if syn["id"] > before["id"]]
    if len(answers) < _REPEATED or len(syns) < _REPEATED or history.age(answers[0]) < SILENCE_SECONDS:
        return None
    facts, secured = history.tunnel, syns[-1]["data"]["ttl"] == TTL_SECURITY
    return Evidence(
        title="BGP is dropped on the way back: TTL security or a firewall" if secured else None,
        where=f"TCP handshake inside the tunnel (records {syns[0]['id']} to {answers[-1]['id']})",
        saw=f"{plural(len(syns), 'SYN')} from {facts.peer_bgp} and {plural(len(answers), 'SYN-ACK')} sent "
        f"back, but no ACK in {seconds(history.age(answers[0]))}"
        + ("; the SYNs had TTL 255, as TTL security wants it" if secured else ""),
        expected="an ACK at once: the CPE does not get, or does not take, our SYN-ACK",
        because=(syns[0], answers[0], answers[-1]),
        fix=Fix(
            cpe=f"let TCP from {facts.local_bgp} port 179 to {facts.peer_bgp} in from the tunnel, on its "
            "firewall and by its reverse path filter"
            + (f"; switch TTL security off for neighbour {facts.local_bgp}" if secured else ""),
            device_link="nothing",
        ),
    )


RULE = Rule(
    code="GSA-BGP-013",
    title="A firewall drops BGP on the way back",
    step=Step.BGP,
    certainty=Certainty.LIKELY,
    service=NO_BGP,
    find=_find,
    page=Page(
        symptom="The tunnel is up; the CPE's BGP session stays in Connect and its SYN times out.",
        cause=(
            "The CPE lets its SYN out, but not the answer in: a firewall rule or security zone of the "
            "tunnel interface drops TCP from port 179, a reverse path filter finds another way to the "
            "gateway's address, TTL security (GTSM, RFC 5082) wants a TTL near 255, which the gateway does "
            "not send (FRR and OpenBGPD stop here, BIRD after the handshake: GSA-BGP-016), or the ESP "
            "packets of that direction are lost."
        ),
        proof=(
            "SYNs between the right addresses came out of the tunnel, the gateway's SYN-ACKs went into it, "
            f"and no ACK followed for {SILENCE_SECONDS:.0f} seconds. What became of the SYN-ACK on the "
            "CPE is not to be seen from here: likely."
        ),
        fix=(
            "On the CPE, count what the firewall drops in from the tunnel interface, permit TCP 179 of "
            "the two BGP addresses in both directions, and set the reverse path filter to loose (Linux: "
            "rp_filter 2). Without TTL security: FRR, IOS XE: no neighbor ... ttl-security; OpenBGPD: no "
            "ttl-security; multihop instead."
        ),
        service=NO_BGP_LOG,
    ),
)
