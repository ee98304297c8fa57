"""GSA-IKE-049: the CPE does not ask whether the gateway is alive."""

from gateway.diagnosis.finding import Certainty, Fix, Severity
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import seconds, where
from gateway.diagnosis.rules.idleness import LONG_SECONDS, asked_after_silence, checks_liveness


def _find(history: History) -> Evidence | None:
    asked = asked_after_silence(history)
    if asked is None or checks_liveness(history):
        return None
    return Evidence(
        where=where(asked, "INFORMATIONAL exchange"),
        saw=(
            f"an idle tunnel for {seconds(history.tunnel.liveness_seconds or 0.0)}, in which the "
            "gateway asked for a sign of life and the CPE never did"
        ),
        expected="a liveness check by the CPE (RFC 7296 section 2.4), unless it checks on demand only",
        because=(asked,),
        fix=Fix(
            cpe="switch its liveness check (DPD) on, every 10 to 30 s, and let it open the tunnel again",
            device_link="nothing: the gateway asks, but it cannot open a tunnel",
            strongswan="dpd_delay = 30s\ndpd_action = restart",
        ),
    )


RULE = Rule(
    code="GSA-IKE-049",
    title="No liveness check by the CPE: it will not notice a gateway that is gone",
    step=Step.TRAFFIC,
    certainty=Certainty.POSSIBLE,
    severity=Severity.WARNING,
    service="would show nothing; after a failover a CPE that does not notice stays without a tunnel",
    find=_find,
    page=Page(
        symptom=(
            "None yet. When the gateway forgets the tunnel, in a failover or an upgrade, the CPE goes on "
            "sending into it, with traffic lost until its lifetime ends."
        ),
        cause=(
            "Dead peer detection is off on the CPE, or comes less often than the gateway's. IKEv2 has "
            "no other way to notice that the far end has lost its state, and only the CPE can open a "
            "tunnel again."
        ),
        proof=(
            "The gateway asked for a sign of life, since it had nothing of the CPE for the time that "
            f"livenessSeconds says, at least {LONG_SECONDS:.0f} seconds; the CPE answers, and has never"
            " asked itself. A CPE that checks on demand, only when it sends and hears nothing, looks "
            "the same and is fine: so the finding is possible and no more."
        ),
        fix=(
            "Switch DPD on. strongSwan: dpd_delay and dpd_action = restart. FortiGate: set dpd on-idle in "
            "phase1-interface. IOS XE: crypto ikev2 dpd 10 3 periodic. Palo Alto: liveness check in the IKE "
            "gateway, and a tunnel monitor."
        ),
        service="Nothing.",
    ),
)
