"""GSA-BGP-023: the CPE announces more prefixes than it may, and the session ends."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step

QUIET_SECONDS = 10.0
"""The CPE connects again and announces the same; a session that lasts so long brings less."""


def _find(history: History) -> Evidence | None:
    exceeded, session = history.last("prefix_limit_exceeded"), history.bgp
    if exceeded is None or history.up_since is None:
        return None
    if session is not None and session["id"] > exceeded["id"] and history.age(session) > QUIET_SECONDS:
        return None
    data = exceeded["data"]
    return Evidence(
        where=f"BGP UPDATE inside the tunnel (record {exceeded['id']})",
        saw=f"{data['count']} prefixes or more from the CPE; the session was ended",
        expected=f"at most {data['limit']} prefixes",
        because=(exceeded,),
        fix=Fix(
            cpe="announce the branch's own prefixes only, summarised, and filter everything else",
            device_link="nothing: the limit is the gateway's",
        ),
    )


RULE = Rule(
    code="GSA-BGP-023",
    title="The CPE announces too many prefixes",
    step=Step.TRAFFIC,
    certainty=Certainty.PROVEN,
    service="documents no limit for Global Secure Access; an Azure VPN gateway ends the session beyond 4000",
    find=_find,
    page=Page(
        symptom=(
            "BGP comes up and ends within a second, again and again; the CPE logs a NOTIFICATION: Cease, "
            "Maximum Number of Prefixes Reached."
        ),
        cause=(
            "The CPE announces far more than a branch has: most often the whole routing table that it "
            "learned from its providers, because the session has no export filter."
        ),
        proof=(
            "The prefixes in its UPDATE messages, counted. The limit of 4000 is that of Azure VPN "
            "gateways; Global Secure Access documents none."
        ),
        fix=(
            "Announce the branch's prefixes by name and deny everything else. What was seen up to the limit "
            "is lost with the session, so even the right prefixes do not work until then."
        ),
        service="bgpDisconnected in the remote network health log, if its limit is like Azure's.",
    ),
)
