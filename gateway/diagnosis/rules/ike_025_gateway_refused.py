"""GSA-IKE-025: the CPE does not accept who the gateway says it is."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import where

_REFUSAL = "AUTHENTICATION_FAILED"


def _find(history: History) -> Evidence | None:
    refused = _refusal(history)
    if refused is None or history.ike_live:
        return None
    named = [r for r in history.all("identity_offered") if r["id"] < refused["id"]]
    identity = named[-1]["data"] if named else {"wanted_of_us": "", "ours": "its address"}
    wanted, ours = identity["wanted_of_us"], identity["ours"]
    proven = bool(wanted) and wanted != ours
    return Evidence(
        where=where(refused, "INFORMATIONAL request"),
        saw=(
            f"{_REFUSAL} from the CPE, whose own AUTH payload was right"
            + (f"; it had asked for IDr {wanted}" if wanted else "")
        ),
        expected=f"a CPE that takes IDr {ours} for the gateway's identity",
        because=(*named[-1:], refused),
        fix=Fix(
            cpe=(
                f"set the identity that it expects of the gateway (remote ID) to "
                f"{history.tunnel.advertised_endpoint}, of type IPv4 address"
                + ("" if proven else ", and the same pre-shared key for both directions")
            ),
            device_link="nothing: the service's identity is the address of its endpoint",
            strongswan=f"remote {{ id = {history.tunnel.advertised_endpoint} }}",
        ),
        certainty=Certainty.PROVEN if proven else Certainty.LIKELY,
    )


def _refusal(history: History) -> Record | None:
    """The CPE's last refusal, when the gateway had accepted the CPE in that IKE SA."""
    refusals = [r for r in history.all("notify_received") if r["data"]["notify"] == _REFUSAL]
    if not refusals:
        return None
    spi = refusals[-1].get("ike_spi")
    accepted = any(r["data"]["ok"] and r.get("ike_spi") == spi for r in history.all("auth_result"))
    return refusals[-1] if accepted else None


RULE = Rule(
    code="GSA-IKE-025",
    title="The CPE refuses the gateway's identity",
    step=Step.IKE_AUTH,
    certainty=Certainty.PROVEN,
    service="would show a tunnel that connects and disconnects at once, again and again",
    find=_find,
    page=Page(
        symptom=(
            "IKE_SA_INIT and IKE_AUTH succeed on the gateway, and at once the CPE takes the tunnel down; it "
            "logs that the peer's identity does not match."
        ),
        cause=(
            "The gateway answers with the address of its endpoint as its identity (IDr), and the CPE is set "
            "to expect another one: a name, the address of another endpoint, or an address behind which the "
            "gateway is not. The remote identity of many CPEs is filled in from a template."
        ),
        proof=(
            "The CPE's own AUTH payload verified, so the keys are the same; then the CPE sent "
            "AUTHENTICATION_FAILED in an INFORMATIONAL request of the same IKE SA (RFC 7296 section "
            "2.21.2). When the IDr payload of its IKE_AUTH request named another identity than the "
            "gateway's, the finding is proven; without one it is likely: the CPE does not say why."
        ),
        fix=(
            "Set the expected (remote) identity on the CPE to the address of the endpoint, of type IPv4 "
            "address, as the View configuration shows it. strongSwan: remote { id = ADDRESS }; IOS XE: "
            "match identity remote address ADDRESS in the crypto ikev2 profile; Palo Alto: Peer "
            "Identification, IP address, in the IKE gateway."
        ),
        service=(
            "Which identity the service sends is not documented; the address of its endpoint is assumed. "
            "The health log has a tunnel that connects and disconnects."
        ),
    ),
)
