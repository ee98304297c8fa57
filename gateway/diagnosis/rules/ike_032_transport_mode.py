"""GSA-IKE-032: the CPE asks for ESP in transport mode."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import where
from gateway.diagnosis.what_if import what_if

TRANSPORT = "N(USE_TRANSPORT_MODE)"


def _find(history: History) -> Evidence | None:
    asked = [
        r
        for r in history.all("message_received")
        if TRANSPORT in r["data"]["payloads"] and not r["data"]["is_response"]
    ]
    if not asked or history.up_since is not None:
        return None
    request = asked[-1]
    # Tunnel mode is a legal answer to the wish; a CPE that does not want it deletes the CHILD SA.
    ends = history.all("request_refused", "child_sa_closed", "ike_sa_closed", after=request["id"])
    offered = history.last("selectors_narrowed", after=request["id"])
    if not ends or (ends[0]["name"] == "request_refused" and ends[0]["data"]["notify"] != "TS_UNACCEPTABLE"):
        return None
    selectors = (
        f"; TSi {', '.join(offered['data']['offered_initiator'])}; "
        f"TSr {', '.join(offered['data']['offered_responder'])}"
        if offered is not None and not offered["data"]["accepted"]
        else ""
    )
    return Evidence(
        where=where(request, f"{request['data']['exchange']} request"),
        saw=f"the notification USE_TRANSPORT_MODE{selectors}",
        expected="ESP in tunnel mode, with any-to-any traffic selectors",
        because=(request, *([offered] if offered else []), ends[0]),
        fix=Fix(
            cpe="set the tunnel's IPsec mode to tunnel, with any-to-any traffic selectors",
            device_link="nothing: every device link has tunnel mode",
            strongswan="mode = tunnel\nlocal_ts = 0.0.0.0/0\nremote_ts = 0.0.0.0/0",
        ),
        what_if=what_if(history, ends[0]),
    )


RULE = Rule(
    code="GSA-IKE-032",
    title="Transport mode instead of tunnel mode",
    step=Step.CHILD_SA,
    certainty=Certainty.PROVEN,
    service="is documented to have tunnel mode only; what it answers to transport mode is not known",
    find=_find,
    page=Page(
        symptom=(
            "Phase 1 comes up, phase 2 does not: the CPE logs TS_UNACCEPTABLE, or deletes the CHILD SA at "
            "once."
        ),
        cause=(
            "The CPE asks for ESP in transport mode, which protects packets between the two public "
            "addresses only; templates for GRE or L2TP over IPsec use it. Device links carry the packets "
            "of whole networks, which needs tunnel mode."
        ),
        proof=(
            "The request for the CHILD SA has the notification USE_TRANSPORT_MODE (RFC 7296 section "
            "1.3.1), and no CHILD SA came of it or stayed. A CPE that takes tunnel mode for an answer "
            "gives no finding."
        ),
        fix=(
            "Set tunnel mode and any-to-any selectors on the CPE. IOS XE: mode tunnel in the transform "
            "set, tunnel mode ipsec ipv4 on the tunnel interface. FortiGate: encapsulation tunnel-mode in "
            "phase 2. Do not run GRE inside."
        ),
        service="Not documented; the tunnel does not come up.",
    ),
)
