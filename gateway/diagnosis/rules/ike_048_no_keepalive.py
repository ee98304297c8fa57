"""GSA-IKE-048: a CPE behind a NAT sends nothing while its tunnel is idle."""

from gateway.diagnosis.finding import Certainty, Fix, Severity
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import seconds, where
from gateway.diagnosis.rules.idleness import LONG_SECONDS, asked_after_silence, kept_mapping, proof_of_nat


def _find(history: History) -> Evidence | None:
    asked = asked_after_silence(history)
    nat = proof_of_nat(history)
    if asked is None or not nat or kept_mapping(history, asked):
        return None
    waited = history.tunnel.liveness_seconds or 0.0
    return Evidence(
        where=where(asked, "INFORMATIONAL exchange"),
        saw=(
            f"nothing from the CPE for {seconds(waited)}, no NAT keepalive either, until the gateway asked; "
            f"it is behind a NAT ({nat})"
        ),
        expected="a NAT keepalive every 20 s while nothing else is sent (RFC 3948 section 4)",
        because=(asked,),
        fix=Fix(
            cpe="send NAT keepalives every 20 s; raise the UDP timeout of the router before it",
            device_link="nothing: the gateway cannot keep a mapping of a NAT at the CPE's side",
            strongswan="keep_alive = 20s   (in strongswan.conf)",
        ),
    )


RULE = Rule(
    code="GSA-IKE-048",
    title="No keepalive behind NAT: an idle tunnel will lose its mapping",
    step=Step.TRAFFIC,
    certainty=Certainty.LIKELY,
    severity=Severity.WARNING,
    service="is not known to ask; when the mapping is gone it would count the tunnel as down",
    find=_find,
    page=Page(
        symptom=(
            "None yet. With a router that forgets UDP mappings after 30 seconds, a quiet tunnel is dead for "
            "whatever comes from the service's side, until the branch sends (GSA-NAT-014)."
        ),
        cause=(
            "The CPE is behind a NAT, whose mapping of UDP 4500 lives on packets, and it sends none "
            "while the tunnel is idle: its NAT keepalives are switched off, or come less often than "
            "the gateway asks for a sign of life. BGP keepalives, once a minute by default, are too "
            "few."
        ),
        proof=(
            "The ports, or the CPE's NAT detection hash, show a NAT. The gateway asked for a sign of "
            "life since it had neither IKE nor ESP from the CPE for the time that livenessSeconds "
            f"says, at least {LONG_SECONDS:.0f} seconds, and no NAT keepalive (a single octet FF on UDP"
            " 4500, RFC 3948 section 2.3) came in that time. That is silence, so the finding is "
            "likely. A CPE that forces UDP encapsulation without a NAT is not meant, and not told from"
            " one whose NAT keeps both ports."
        ),
        fix=(
            "NAT keepalives every 20 seconds. strongSwan: charon.keep_alive. FortiGate: set keepalive in "
            "phase1-interface. IOS XE: crypto ikev2 nat keepalive 20. Raise the UDP timeout on the router "
            "before the CPE."
        ),
        service="Nothing, until the mapping is gone: then a disconnected tunnel, without a reason.",
    ),
)
