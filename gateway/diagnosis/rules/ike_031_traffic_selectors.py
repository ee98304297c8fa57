"""GSA-IKE-031: the traffic selectors are not any-to-any."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import where
from gateway.diagnosis.what_if import what_if


def _find(history: History) -> Evidence | None:
    offered = history.last("selectors_narrowed")
    if offered is None or offered["data"]["accepted"]:
        return None
    data = offered["data"]
    only_ipv6 = all(":" in each for each in (*data["offered_initiator"], *data["offered_responder"]))
    ours, theirs = ", ".join(data["offered_initiator"]), ", ".join(data["offered_responder"])
    return Evidence(
        where=where(offered, "request for a CHILD SA"),
        saw=f"TSi {ours}; TSr {theirs}",
        expected="TSi 0.0.0.0/0; TSr 0.0.0.0/0: any-to-any, for every protocol and port",
        because=(offered,),
        fix=Fix(
            cpe=(
                "make the tunnel route-based, with any-to-any traffic selectors, and leave the choice to "
                "routing"
                if not only_ipv6
                else "offer IPv4 traffic selectors, any-to-any: device links carry no IPv6"
            ),
            device_link="nothing: every device link is route-based",
            strongswan="local_ts = 0.0.0.0/0\nremote_ts = 0.0.0.0/0",
        ),
        what_if=what_if(history, offered),
    )


RULE = Rule(
    code="GSA-IKE-031",
    title="Traffic selectors are not any-to-any",
    step=Step.CHILD_SA,
    certainty=Certainty.PROVEN,
    service="is documented to want any-to-any selectors; TS_UNACCEPTABLE is the likely answer",
    find=_find,
    page=Page(
        symptom="Phase 1 comes up, phase 2 does not: the CPE logs TS_UNACCEPTABLE.",
        cause=(
            "The CPE offers its own subnets as traffic selectors, as policy-based VPNs do. Device links are "
            "route-based: both selectors have to be 0.0.0.0/0, and BGP says what goes through the tunnel."
        ),
        proof="The TSi and TSr payloads of the request, as the finding quotes them (RFC 7296 section 2.9).",
        fix=(
            "Use a route-based tunnel on the CPE (a tunnel interface, VTI or XFRM interface) with "
            "0.0.0.0/0 on both sides. FortiGate: phase 2 selectors 0.0.0.0/0; Palo Alto: no proxy "
            "IDs; IOS XE: a tunnel interface with tunnel protection instead of a crypto map."
        ),
        service="What the service answers to narrower selectors is not documented.",
    ),
)
