"""GSA-BGP-003: the CPE opens BGP from or to an address that the device link does not name."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History, host
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import device_link


def _find(history: History) -> Evidence | None:
    up, facts = history.up_since, history.tunnel
    if up is None or history.bgp is not None:
        return None
    ended = history.last("closed", after=up["id"])
    syns = history.all("tcp_syn_seen", after=(ended or up)["id"])
    wanted = facts.peer_bgp, facts.local_bgp
    if not syns or any(_ends(syn) == wanted for syn in syns):
        return None
    last = syns[-1]
    source, destination = _ends(last)
    wrong = [
        *([f"source {source}"] if source != facts.peer_bgp else []),
        *([f"destination {destination}"] if destination != facts.local_bgp else []),
    ]
    reversed_ = facts.local_bgp == source or facts.peer_bgp == destination
    return Evidence(
        title=f"BGP with the wrong {' and '.join(word.split()[0] for word in wrong)} address",
        where=f"TCP SYN inside the tunnel (record {last['id']})",
        saw=f"{source} to {destination}:179; wrong: {', '.join(wrong)}"
        + ("; the two BGP addresses look reversed" if reversed_ else ""),
        expected=f"{facts.peer_bgp} to {facts.local_bgp}:179, as {device_link(history)} has it",
        because=(last,),
        fix=Fix(
            cpe=f"open the session from {facts.peer_bgp} (its update source) to neighbour {facts.local_bgp}",
            device_link="if the CPE is right, delete the link and create it again: its local BGP address is "
            "Microsoft's, its device BGP address the CPE's",
        ),
    )


def _ends(syn: Record) -> tuple[str, str]:
    return host(syn["data"]["source"]), host(syn["data"]["destination"])


RULE = Rule(
    code="GSA-BGP-003",
    title="BGP with a wrong address",
    step=Step.BGP,
    certainty=Certainty.PROVEN,
    service="would show the tunnel as connected and BGP as disconnected",
    find=_find,
    page=Page(
        symptom=(
            "The tunnel is up; the CPE's BGP session stays in Active or Connect, its SYN is never answered."
        ),
        cause=(
            "The CPE sends its TCP SYN from an address that is not the link's device BGP address "
            "(most often that of its LAN or tunnel interface, because no update source is set), or to "
            "another address than the link's local BGP address. The two are also easily swapped: "
            "local on the link is peer on the CPE."
        ),
        proof="The source and destination of the SYN that came out of the tunnel, against the device link.",
        fix=(
            "Set the update source of the session to the CPE's BGP address (FRR: neighbor ... "
            "update-source; FortiGate: set update-source; strongSwan hosts: put the address on the "
            "loopback or the XFRM interface), and take the gateway's address from View configuration: "
            "localConfigurations[].bgpAddress."
        ),
        service="tunnelConnected without bgpConnected in the remote network health log.",
    ),
)
