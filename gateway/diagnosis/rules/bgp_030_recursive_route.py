"""GSA-BGP-030: the routes that the CPE learns lead the tunnel's own packets into the tunnel."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import plural, seconds

SOON_SECONDS = 600.0
"""A session that lives longer did not die of what it brought."""
_QUIET_SECONDS = 60.0
_CEASE = 6


def tunnel_carries_itself(history: History) -> list[tuple[Record, Record]]:
    """The sessions that ended soon after they brought a route to the endpoint: begin and end of each."""
    if not history.tunnel.advertises_endpoint:
        return []
    lost, session, told = [], None, False
    for record in history.all("established", "routes_advertised", "notification_received", "closed"):
        data = record["data"]
        if record["name"] == "established":
            session, told = record, False
        elif record["name"] == "routes_advertised":
            told = data["count"] > 0
        elif record["name"] == "notification_received":
            told = told and data["code"] != _CEASE
        elif session is not None:
            if told and record["time"] - session["time"] <= SOON_SECONDS:
                lost.append((session, record))
            session = None
    return lost


def _find(history: History) -> Evidence | None:
    lost = tunnel_carries_itself(history)
    if not lost:
        return None
    began, ended = lost[-1]
    lived = ended["time"] - began["time"]
    if history.bgp is not None and history.age(history.bgp) > max(_QUIET_SECONDS, 2 * lived):
        return None
    endpoint = history.tunnel.advertised_endpoint
    return Evidence(
        where=f"BGP session inside the tunnel (records {began['id']} to {ended['id']})",
        saw=f"routes that cover the endpoint {endpoint} went to the CPE, and the session was lost "
        f"{seconds(lived)} after Established; this happened {plural(len(lost), 'time')}",
        expected=f"a session that lasts: packets to {endpoint} leave by the CPE's WAN, not by the tunnel",
        because=(began, ended),
        fix=Fix(
            cpe=f"a static route to {endpoint}/32 by the WAN's next hop",
            device_link="nothing; in the lab file, gateway.advertiseEndpoint: false keeps the endpoint out "
            "of what is advertised",
        ),
    )


RULE = Rule(
    code="GSA-BGP-030",
    title="Recursive routing: the tunnel's packets enter the tunnel",
    step=Step.TRAFFIC,
    certainty=Certainty.LIKELY,
    service="would show tunnel and BGP going up and down every few minutes",
    find=_find,
    page=Page(
        symptom=(
            "Tunnel and BGP come up, work for some seconds or minutes, die, and come up again. The CPE logs "
            "a loss of its peer, some routers a recursive route or a tunnel that is temporarily disabled."
        ),
        cause=(
            "Among the prefixes that the CPE learns is one that covers the public address of the tunnel's "
            "own endpoint, longer than the CPE's default route. From then on the ESP packets are routed "
            "into the tunnel that they make up. BGP dies of it, its routes go, the endpoint can be "
            "reached again, and all begins anew. One report of the real service says so of the "
            "Internet Access profile; Microsoft's documents say that the endpoints are left out."
        ),
        proof=(
            "A prefix that the gateway advertises covers its endpoint, and the session was lost within "
            f"{SOON_SECONDS / 60:.0f} minutes of being told. The CPE's routing table is not to be seen from "
            "here, so the finding is likely."
        ),
        fix=(
            "Pin the endpoint on the CPE: a static host route to it by the WAN's next hop, one for each "
            "endpoint, or a separate routing table (VRF) for the WAN. FortiGate, IOS XE and PAN-OS all "
            "take either."
        ),
        service="tunnelDisconnected and tunnelConnected in turns in the remote network health log.",
    ),
)
