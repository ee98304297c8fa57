"""GSA-BGP-019: the session is up, and the CPE has no address family that the gateway has."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step


def _find(history: History) -> Evidence | None:
    session = history.bgp
    if history.up_since is None or session is None or session["data"]["families"]:
        return None
    neighbor = history.tunnel.local_bgp
    return Evidence(
        where=f"BGP OPEN inside the tunnel (record {session['id']})",
        saw="the session is up, but the address families of the CPE's OPEN do not hold IPv4 unicast, so no "
        "route can be exchanged",
        expected="IPv4 unicast, the only address family of a device link",
        because=(session,),
        fix=Fix(
            cpe=f"enable the address family IPv4 unicast for neighbour {neighbor}",
            device_link="nothing: it has no setting for address families",
        ),
    )


RULE = Rule(
    code="GSA-BGP-019",
    title="No address family in common",
    step=Step.ROUTES,
    certainty=Certainty.PROVEN,
    service="may show BGP as connected, or end the session: no document tells",
    find=_find,
    page=Page(
        symptom="BGP is Established on both ends, and neither learns a prefix.",
        cause=(
            "The CPE offers other address families only, most often IPv6 unicast. Some implementations end "
            "such a session with Unsupported Capability (GSA-BGP-014: BIRD, FRR); others, GoBGP and OpenBGPD "
            "among them, leave it up without any route."
        ),
        proof=(
            "The Multiprotocol capabilities of the two OPEN messages (RFC 4760 section 8): none is in both. "
            "A CPE without any such capability has IPv4 unicast, as BGP had before there were others."
        ),
        fix=(
            "Enable IPv4 unicast for the neighbour. FRR, IOS XE: neighbor ADDRESS activate under "
            "address-family ipv4 unicast; OpenBGPD: announce IPv4 unicast; GoBGP: an afi-safi ipv4-unicast."
        ),
        service="bgpConnected, if the service keeps such a session; no route is exchanged.",
    ),
)
