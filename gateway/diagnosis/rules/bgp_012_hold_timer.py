"""GSA-BGP-012: one end heard nothing of the other for as long as the hold time."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.bgp_030_recursive_route import tunnel_carries_itself

_HOLD_TIMER_EXPIRED = 4


def _find(history: History) -> Evidence | None:
    if history.up_since is None or history.bgp is not None or tunnel_carries_itself(history):
        return None
    expired = [
        r
        for r in history.all("notification_sent", "notification_received")
        if r["data"]["code"] == _HOLD_TIMER_EXPIRED
    ]
    if not expired:
        return None
    last = expired[-1]
    sessions = [r for r in history.all("established") if r["id"] < last["id"]]
    session = sessions[-1] if sessions else None
    hold = f" within the hold time of {session['data']['hold_time']} s" if session else ""
    ours = last["name"] == "notification_sent"
    who = "nothing came from the CPE" if ours else "the CPE says that nothing came from the gateway"
    return Evidence(
        where=f"BGP session inside the tunnel (record {last['id']})",
        saw=f"Hold Timer Expired: {who}{hold}, while the tunnel stayed up",
        expected="a KEEPALIVE or UPDATE message in every third of the hold time",
        because=(*((session,) if session else ()), last),
        fix=Fix(
            cpe="look for what stops TCP 179 in the tunnel: a filter, a route that moved, a BGP daemon "
            "without CPU time; lower the MTU if it stops with the first large UPDATE",
            device_link="nothing: it has no BGP timers",
        ),
    )


RULE = Rule(
    code="GSA-BGP-012",
    title="BGP hold timer expired",
    step=Step.BGP,
    certainty=Certainty.PROVEN,
    service="would show bgpDisconnected while the tunnel stays connected",
    find=_find,
    page=Page(
        symptom="BGP was up and went down without a word of the CPE; its routes are gone, the tunnel is not.",
        cause=(
            "For as long as the hold time no message arrived, although the CHILD SA lives. Something "
            "stopped the segments of this one connection: a firewall rule, a route to the other end that "
            "moved out of the tunnel, a BGP daemon that hangs, or an UPDATE so large that it never gets "
            "through and holds up all that follows."
        ),
        proof="A NOTIFICATION with code 4 (RFC 4271 section 6.5), sent by the gateway or by the CPE.",
        fix=(
            "See on the CPE whether its keepalives leave through the tunnel and whether the gateway's come "
            "in; check the route to the gateway's BGP address, the firewall, and the load of the router."
        ),
        service="bgpDisconnected in the remote network health log, tunnelConnected all the while.",
    ),
)
