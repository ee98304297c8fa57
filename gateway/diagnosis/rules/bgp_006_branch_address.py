"""GSA-BGP-006: nothing opens BGP, and the gateway's BGP address looks like one of the branch's."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.bgp_001_no_syn import SILENCE_SECONDS
from gateway.diagnosis.rules.bgp_attempts import NO_BGP, NO_BGP_LOG, branch_prefix_around, silent_since
from gateway.diagnosis.rules.common import seconds


def _find(history: History) -> Evidence | None:
    up, why = silent_since(history), branch_prefix_around(history)
    if up is None or why is None or history.age(up) < SILENCE_SECONDS:
        return None
    facts = history.tunnel
    return Evidence(
        where=f"inside the tunnel, since the CHILD SA (record {up['id']})",
        saw=f"no TCP SYN to port 179 in {seconds(history.age(up))}; {why}",
        expected=f"a TCP SYN from {facts.peer_bgp} to {facts.local_bgp}:179, an address outside the branch",
        because=(up,),
        fix=Fix(
            cpe=f"until the link is changed: route {facts.local_bgp}/32 into the tunnel, longer than the "
            "connected prefix",
            device_link="delete the link and create it again with a local BGP address outside every prefix "
            "of the branch, such as one of 169.254.0.0/16",
        ),
    )


RULE = Rule(
    code="GSA-BGP-006",
    title="The gateway's BGP address lies in the branch",
    step=Step.BGP,
    certainty=Certainty.LIKELY,
    service=NO_BGP,
    find=_find,
    page=Page(
        symptom=(
            "The tunnel is up; the CPE's BGP session stays in Active or Connect, and the CPE asks for the "
            "gateway's BGP address by ARP on its LAN."
        ),
        cause=(
            "The link's local BGP address was taken from a prefix that the branch uses itself. The CPE has "
            "a connected route to it, so the SYN goes to the LAN and never enters the tunnel. Microsoft's "
            "page about CPEs behind NAT says: outside every on-premises prefix, or BGP never establishes "
            "although the IPsec tunnel is up."
        ),
        proof=(
            f"No TCP SYN to port 179 came out of the tunnel for {SILENCE_SECONDS:.0f} seconds, and the "
            "address lies in a prefix that the CPE announced earlier, or in the same /24 as the CPE's BGP "
            "address. The branch's prefixes are not in the lab file, and silence proves nothing: likely."
        ),
        fix=(
            "Choose an address that nothing in the branch uses, in a new device link (links cannot be "
            "edited), and route it into the tunnel by a static host route."
        ),
        service=NO_BGP_LOG,
    ),
)
