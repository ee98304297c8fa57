"""GSA-BGP-015: the CPE opens BGP from an address that no device link can have."""

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
    reason = reserved_bgp_address(source)
    if reason is None:
        return None
    return Evidence(
        where=f"TCP SYN inside the tunnel (record {last['id']})",
        saw=f"{source} to {destination}:179; {source} is reserved ({reason})",
        expected=f"{facts.peer_bgp} to {facts.local_bgp}:179, as {device_link(history)} has it",
        because=(last,),
        fix=Fix(
            cpe=f"open the session from {facts.peer_bgp}: put that address on an interface, and make it the "
            "update source",
            device_link="nothing: no device link can have a reserved BGP address",
        ),
    )


RULE = Rule(
    code="GSA-BGP-015",
    title="BGP from a reserved address",
    step=Step.BGP,
    certainty=Certainty.PROVEN,
    service=NO_BGP,
    find=_find,
    page=Page(
        symptom="The tunnel is up; the CPE's BGP session stays in Connect, its SYN is never answered.",
        cause=(
            "The CPE's session is bound to an address that is not for use between machines: 0.0.0.0, one of "
            "127.0.0.0/8, 224.0.0.0/4, or 255.255.255.255. Most often the update source is the loopback "
            "interface, and nobody gave it another address than 127.0.0.1."
        ),
        proof=(
            "The source of the SYN that came out of the tunnel. Microsoft's reference excludes it as a BGP "
            "address, so, unlike after GSA-BGP-003, a new device link is no way out."
        ),
        fix=(
            "Give the loopback, or the tunnel interface, the link's device BGP address as a /32, and name it "
            "as the update source (FRR: neighbor ... update-source ADDRESS; FortiGate: set update-source; "
            "IOS XE: interface Loopback0 with that address)."
        ),
        service=NO_BGP_LOG,
    ),
)
