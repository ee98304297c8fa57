"""GSA-IKE-042: a CPE whose tunnel was up gives no sign of life any more."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import seconds
from gateway.diagnosis.rules.repetitions import auth_answers_lost

NO_ANSWER = "no answer to "
"""How the reason of such an ``ike_sa_closed`` begins."""


def _find(history: History) -> Evidence | None:
    closed = history.last("ike_sa_closed")
    if closed is None or history.ike_live or not closed["data"]["was_established"]:
        return None
    if auth_answers_lost(history):
        return None
    if not closed["data"]["reason"].startswith(NO_ANSWER) or history.all(
        "message_received", after=closed["id"]
    ):
        return None
    asked = [r for r in history.all("request_retransmitted") if r.get("ike_spi") == closed["ike_spi"]]
    begun = [r for r in asked if r["data"]["attempt"] == 1]
    first = begun[-1] if begun else closed
    tries = closed["data"]["reason"].removeprefix(NO_ANSWER).partition(" ")[0]
    return Evidence(
        where=f"{first['data'].get('exchange', 'INFORMATIONAL')} request to {closed['data']['remote']} "
        f"(record {first['id']})",
        saw=(
            f"no answer to a request that was sent {tries} times, nor any other sign of life for "
            f"{seconds(history.now - first['time'])}"
        ),
        expected="an answer, or an IKE_SA_INIT with which the CPE comes back",
        because=(first, closed) if first is not closed else (closed,),
        fix=Fix(
            cpe="see that it runs and reaches the gateway; let it check for life and open the tunnel itself",
            device_link="nothing: the gateway never opens a tunnel",
            strongswan="dpd_delay = 30s\ndpd_action = restart\nkeyingtries = 0",
        ),
    )


RULE = Rule(
    code="GSA-IKE-042",
    title="The CPE is gone: liveness check without an answer",
    step=Step.FRONT_DOOR,
    certainty=Certainty.LIKELY,
    service="would log that the tunnel is disconnected, without a reason",
    find=_find,
    page=Page(
        symptom="A tunnel that was up goes down and stays down. Neither end sent a Delete.",
        cause=(
            "The CPE has lost its power or its uplink, hangs, or was restarted without closing the tunnel; "
            "or something on the way drops what it dropped not before: a NAT whose mapping has timed out, "
            "a firewall with a new rule. The gateway cannot open the tunnel again: only a CPE can."
        ),
        proof=(
            "No packet came through the tunnel, so the gateway asked for a sign of life (RFC 7296 section "
            "2.4), repeated the request until its tries were used up, and closed the IKE SA. Nothing has "
            "come since. That is silence: whether the CPE or the path is dead cannot be told from here."
        ),
        fix=(
            "Look at the CPE and its uplink. Have it check for life itself, so that it notices a dead "
            "path, and open the tunnel again without waiting for traffic. FortiGate: set dpd on-idle, set "
            "auto-negotiate enable. IOS XE: crypto ikev2 dpd. Palo Alto: liveness check and tunnel "
            "monitor."
        ),
        service="tunnelDisconnected in the health log, as far as is known without a reason.",
    ),
)
