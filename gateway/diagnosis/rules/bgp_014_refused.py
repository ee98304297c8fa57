"""GSA-BGP-014: one end refuses the BGP session with a NOTIFICATION."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.bgp_attempts import NO_BGP, NO_BGP_LOG

_OPEN = 2
_BAD_PEER_AS = (2, 2)
"""Has codes of its own."""
_FOR_GOOD = {(6, 2), (6, 3), (6, 5)}
"""Ways to cease that do not pass by themselves."""
_FIXES = {
    (2, 3): "give the CPE a router ID of its own: neither 0.0.0.0 nor the gateway's",
    (2, 6): "set a hold time of 0, or of 3 s and more, for neighbour {neighbor}, and accept one of 180 s",
    (2, 7): "enable the address family IPv4 unicast for neighbour {neighbor}; it is the only one of a link",
    (2, 11): "do not ask neighbour {neighbor} for a BGP role (RFC 9234): the gateway has none",
    (6, 2): "enable neighbour {neighbor}: it is shut down by its administrator",
    (6, 3): "configure neighbour {neighbor} again: it was removed",
    (6, 5): "let neighbour {neighbor} connect: the CPE rejects it",
}
_OTHERWISE = "compare the settings of neighbour {neighbor} with the View configuration of the device link"


def _find(history: History) -> Evidence | None:
    up = history.up_since
    if up is None or history.bgp is not None:
        return None
    ends = history.all("notification_received", "notification_sent", after=up["id"])
    if not ends:
        return None
    last = ends[-1]
    kind = last["data"]["code"], last["data"]["subcode"]
    if kind == _BAD_PEER_AS or not (kind[0] == _OPEN or kind in _FOR_GOOD):
        return None
    if kind in _FOR_GOOD and history.all("established", after=up["id"]):
        return None  # somebody ended a session that worked, and knows it
    by_cpe = last["name"] == "notification_received"
    neighbor = history.tunnel.local_bgp
    said = f": {last['data']['detail'].rstrip('.')}" if last["data"]["detail"] else ""
    return Evidence(
        title=f"BGP refused: {last['data']['text'].rpartition(' / ')[2]}",
        where=f"BGP NOTIFICATION inside the tunnel (record {last['id']})",
        saw=f"{last['data']['text']}{said}, from the {'CPE' if by_cpe else 'gateway, about the CPE'}",
        expected=f"a KEEPALIVE: both ends speak BGP-4 with {neighbor}, IPv4 unicast",
        because=(last,),
        fix=Fix(
            cpe=_FIXES.get(kind, _OTHERWISE).format(neighbor=neighbor),
            device_link="nothing" if kind in _FIXES else "compare it with the CPE's settings",
        ),
    )


RULE = Rule(
    code="GSA-BGP-014",
    title="BGP refused by a NOTIFICATION",
    step=Step.BGP,
    certainty=Certainty.PROVEN,
    service=NO_BGP,
    find=_find,
    page=Page(
        symptom="The tunnel is up, TCP connects, and the BGP session ends before it is established.",
        cause=(
            "One end does not like the other's OPEN message, or the session is shut down on the CPE. Usual "
            "reasons: the neighbour has no IPv4 unicast on the CPE, only IPv6 or VPN routes (Unsupported "
            "Capability); a router ID that is 0.0.0.0 or the gateway's (Bad BGP Identifier); a hold time of "
            "1 or 2 seconds (Unacceptable Hold Time); a neighbour that was shut down. Wrong AS numbers have "
            "a code of their own: GSA-BGP-002."
        ),
        proof=(
            "The NOTIFICATION message that ended the last attempt, with its code and subcode (RFC 4271 "
            "section 4.5, RFC 4486, RFC 5492)."
        ),
        fix=(
            "Correct on the CPE what the NOTIFICATION names. For the address family: FRR: neighbor ADDRESS "
            "activate under address-family ipv4 unicast, which no bgp default ipv4-unicast switches off; IOS "
            "XE: the same; BIRD: an ipv4 channel in the protocol."
        ),
        service=NO_BGP_LOG,
    ),
)
