"""GSA-BGP-010: the session is up, and the CPE announces nothing."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import seconds

SILENCE_SECONDS = 10.0
"""A BGP daemon announces what it has within a few seconds of Established."""


def _find(history: History) -> Evidence | None:
    session = history.bgp
    if session is None or history.learned or not session["data"]["families"]:
        return None
    withdrawn = history.last("routes_withdrawn", after=session["id"])
    since = withdrawn or session
    returned = history.last("routes_refused", after=since["id"])
    if history.age(since) < SILENCE_SECONDS:
        return None
    return Evidence(
        where=f"BGP UPDATE messages since Established (record {session['id']})",
        saw=("only what the gateway told it comes back from the CPE, " if returned else "")
        + f"{'no prefix of its own' if returned else 'the CPE announces no prefix'}, "
        + f"{seconds(history.age(since))} after "
        + ("it withdrew the last one" if withdrawn else "Established"),
        expected="at least one prefix: the branch's LAN",
        because=tuple(record for record in (session, withdrawn, returned) if record),
        fix=Fix(
            cpe="announce the branch's prefixes to this neighbour, and check its export policy",
            device_link="nothing: it has no routes of its own",
        ),
    )


RULE = Rule(
    code="GSA-BGP-010",
    title="The CPE announces no prefix",
    step=Step.ROUTES,
    certainty=Certainty.LIKELY,
    service="would show BGP as connected, with routes advertised; what the CPE announces is not shown",
    find=_find,
    page=Page(
        symptom="Tunnel and BGP are up, the CPE learns routes, and yet no answer comes back to the branch.",
        cause=(
            "The CPE announces no prefix, so the gateway has no way back. Often an export policy is "
            "missing: FRR announces and accepts nothing over eBGP without one (bgp "
            "ebgp-requires-policy), BIRD's default is export none; or the network statement names a "
            "prefix that is not in the routing table. Many a CPE, FRR for one, announces to the gateway "
            "what it has just learned from it: that does no harm, and is no prefix of the branch."
        ),
        proof=(
            f"No prefix in any UPDATE message for {SILENCE_SECONDS:.0f} seconds of an established "
            "session. A slow CPE may still come to it, so the finding is likely."
        ),
        fix=(
            "Announce the LAN on the CPE (FRR: network ... under address-family ipv4 unicast and no "
            "bgp ebgp-requires-policy, or a route map; BIRD: export where ...), and check with its "
            "own tool what it sends."
        ),
        service="bgpConnected in the health log; traffic from the branch is lost on the way back.",
    ),
)
