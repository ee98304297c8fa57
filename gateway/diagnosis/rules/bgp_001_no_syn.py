"""GSA-BGP-001: the tunnel is up, and the CPE does not open BGP."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.bgp_attempts import NO_BGP, NO_BGP_LOG, branch_prefix_around, silent_since
from gateway.diagnosis.rules.common import seconds

SILENCE_SECONDS = 15.0
"""BGP daemons wait up to five seconds before the first attempt, and a little longer between two."""


def _find(history: History) -> Evidence | None:
    up = silent_since(history)
    if up is None or history.age(up) < SILENCE_SECONDS or branch_prefix_around(history):
        return None
    facts = history.tunnel
    return Evidence(
        where=f"inside the tunnel, since the CHILD SA (record {up['id']})",
        saw=f"no TCP SYN to port 179 in {seconds(history.age(up))}",
        expected=f"a TCP SYN from {facts.peer_bgp} to {facts.local_bgp}:179",
        because=(up,),
        fix=Fix(
            cpe=f"route {facts.local_bgp}/32 into the tunnel, and open BGP to it from {facts.peer_bgp}, "
            f"remote AS {facts.local_asn}, with eBGP multihop",
            device_link=f"check that {facts.local_bgp} lies outside every prefix of the branch",
        ),
    )


RULE = Rule(
    code="GSA-BGP-001",
    title="The CPE does not open BGP",
    step=Step.BGP,
    certainty=Certainty.LIKELY,
    service=NO_BGP,
    find=_find,
    page=Page(
        symptom="The tunnel is up on both ends; the CPE's BGP session stays in Idle, Active or Connect.",
        cause=(
            "Nothing of the session enters the tunnel. Most often the static route to the gateway's "
            "BGP address is missing: that address is on no network of the CPE, so it needs a host "
            "route into the tunnel. Or the address lies inside a prefix of the branch, the session "
            "insists on a directly connected neighbour (eBGP multihop missing), a firewall drops TCP "
            "179, or the CPE waits for the gateway, which never opens. When something on the way has "
            "dropped ESP in UDP from the first packet on, and lets IKE pass, it looks the same from the "
            "gateway; where ESP is to come without UDP, that is GSA-NAT-019."
        ),
        proof=(
            "The gateway looks at every packet out of the tunnel, and none was a TCP SYN to port 179 "
            f"for {SILENCE_SECONDS:.0f} seconds. That is silence: the finding is likely, and goes away "
            "with the first SYN."
        ),
        fix=(
            "Add the static host route to the gateway's BGP address through the tunnel, bind the "
            "session to the CPE's BGP address, allow multihop (FRR: ebgp-multihop 2; IOS XE: neighbor "
            "... ebgp-multihop 2; FortiGate: set ebgp-enforce-multihop enable), and let the CPE open "
            "the connection."
        ),
        service=NO_BGP_LOG,
    ),
)
