"""GSA-BGP-004: the CPE has the two BGP addresses of the device link the wrong way round."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.bgp_attempts import NO_BGP, NO_BGP_LOG, ends, misaddressed_syn
from gateway.diagnosis.rules.common import device_link


def _find(history: History) -> Evidence | None:
    syn, facts = misaddressed_syn(history), history.tunnel
    if syn is None or ends(syn) != (facts.local_bgp, facts.peer_bgp):
        return None
    return Evidence(
        where=f"TCP SYN inside the tunnel (record {syn['id']})",
        saw=f"{facts.local_bgp} to {facts.peer_bgp}:179, which is the device link the wrong way round",
        expected=f"{facts.peer_bgp} to {facts.local_bgp}:179, as {device_link(history)} has it",
        because=(syn,),
        fix=Fix(
            cpe=f"swap them: the CPE's own BGP address is {facts.peer_bgp}, its neighbour is "
            f"{facts.local_bgp}",
            device_link="if the CPE is right, delete the link and create it again with its local and its "
            "device (peer) BGP address swapped: local is Microsoft's",
        ),
    )


RULE = Rule(
    code="GSA-BGP-004",
    title="BGP addresses reversed",
    step=Step.BGP,
    certainty=Certainty.PROVEN,
    service=NO_BGP,
    find=_find,
    page=Page(
        symptom="The tunnel is up; the CPE's BGP session stays in Active or Connect.",
        cause=(
            "The device link is written from Microsoft's side: its local BGP address is Microsoft's, its "
            "device (peer) BGP address is the CPE's. Who copies local to local and peer to peer gets both "
            "wrong. It is the most frequent mistake in Microsoft's own list of questions."
        ),
        proof=(
            "A TCP SYN to port 179 came out of the tunnel from the address that the link gives to "
            "Microsoft, to the one that it gives to the CPE."
        ),
        fix=(
            "Take both addresses from View configuration: localConfigurations[].bgpAddress is the CPE's "
            "neighbour, peerConfiguration.bgpAddress is its own. Or swap them in a new device link: links "
            "cannot be edited."
        ),
        service=NO_BGP_LOG,
    ),
)
