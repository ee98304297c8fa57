"""GSA-BGP-003: the CPE opens BGP from an address that the device link does not name."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.bgp_attempts import NO_BGP, NO_BGP_LOG, ends, misaddressed_syn
from gateway.diagnosis.rules.common import device_link
from gateway.model.fields import reserved_bgp_address


def _find(history: History) -> Evidence | None:
    last, facts = misaddressed_syn(history), history.tunnel
    if last is None:
        return None
    source, destination = ends(last)
    if source == facts.peer_bgp or (source, destination) == (facts.local_bgp, facts.peer_bgp):
        return None
    if reserved_bgp_address(source):
        return None  # a finding of its own: no device link can be made to fit
    wrong = [f"source {source}"]
    if destination != facts.local_bgp:
        wrong.append(f"destination {destination}")
    return Evidence(
        title=f"BGP with the wrong {' and '.join(word.split()[0] for word in wrong)} address",
        where=f"TCP SYN inside the tunnel (record {last['id']})",
        saw=f"{source} to {destination}:179; wrong: {', '.join(wrong)}",
        expected=f"{facts.peer_bgp} to {facts.local_bgp}:179, as {device_link(history)} has it",
        because=(last,),
        fix=Fix(
            cpe=f"open the session from {facts.peer_bgp} (its update source) to neighbour {facts.local_bgp}",
            device_link="if the CPE is right, delete the link and create it again: its local BGP address is "
            "Microsoft's, its device BGP address the CPE's",
        ),
    )


RULE = Rule(
    code="GSA-BGP-003",
    title="BGP with the wrong source address",
    step=Step.BGP,
    certainty=Certainty.PROVEN,
    service=NO_BGP,
    find=_find,
    page=Page(
        symptom=(
            "The tunnel is up; the CPE's BGP session stays in Active or Connect, its SYN is never answered."
        ),
        cause=(
            "The CPE sends its TCP SYN from an address that is not the link's device BGP address, "
            "most often that of its LAN, WAN or tunnel interface, because no update source is set."
        ),
        proof="The source and destination of the SYN that came out of the tunnel, against the device link.",
        fix=(
            "Set the update source of the session to the CPE's BGP address (FRR: neighbor ... "
            "update-source; FortiGate: set update-source; strongSwan hosts: put the address on the "
            "loopback or the XFRM interface), and take the gateway's address from View configuration: "
            "localConfigurations[].bgpAddress."
        ),
        service=NO_BGP_LOG,
    ),
)
