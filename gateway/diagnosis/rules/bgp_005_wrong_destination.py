"""GSA-BGP-005: the CPE opens BGP to an address that is not the gateway's."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.bgp_attempts import NO_BGP, NO_BGP_LOG, ends, misaddressed_syn
from gateway.diagnosis.rules.common import device_link


def _find(history: History) -> Evidence | None:
    syn, facts = misaddressed_syn(history), history.tunnel
    if syn is None or ends(syn)[0] != facts.peer_bgp:
        return None
    destination = ends(syn)[1]
    others = [t.name for t in history.tunnels if t.local_bgp == destination and t != facts]
    whose = f", the gateway's address of {others[0]}" if others else ""
    return Evidence(
        where=f"TCP SYN inside the tunnel (record {syn['id']})",
        saw=f"{facts.peer_bgp} to {destination}:179{whose}",
        expected=f"{facts.peer_bgp} to {facts.local_bgp}:179, as {device_link(history)} has it",
        because=(syn,),
        fix=Fix(
            cpe=f"make {facts.local_bgp} the neighbour, and route {facts.local_bgp}/32 into the tunnel",
            device_link="if the CPE is right, delete the link and create it again with "
            f"{destination} as its local BGP address",
        ),
    )


RULE = Rule(
    code="GSA-BGP-005",
    title="BGP to the wrong address",
    step=Step.BGP,
    certainty=Certainty.PROVEN,
    service=NO_BGP,
    find=_find,
    page=Page(
        symptom="The tunnel is up; the CPE's BGP session stays in Connect, its SYN is never answered.",
        cause=(
            "The neighbour that is configured on the CPE is not the local BGP address of the device link: "
            "a typing error, the address of another link, or of the other tunnel of a zone-redundant link, "
            "whose session goes to zoneLocalIpAddress."
        ),
        proof=(
            "A TCP SYN to port 179 came out of the tunnel from the CPE's right BGP address, to an address "
            "that is not the gateway's in this tunnel."
        ),
        fix=(
            "Take the neighbour from View configuration, localConfigurations[].bgpAddress, tunnel by "
            "tunnel, and keep the static host route into the tunnel in step with it."
        ),
        service=NO_BGP_LOG,
    ),
)
