"""GSA-NAT-014: a NAT forgot the mapping of an idle tunnel."""

from gateway.diagnosis.finding import Certainty, Fix, Severity
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import seconds
from gateway.diagnosis.rules.source_ports import after_silence, moves, old_and_new


def _find(history: History) -> Evidence | None:
    found = [(asked, r) for r in moves(history) if (asked := after_silence(history, r))]
    if not found:
        return None
    asked, moved = found[-1]
    old, new = old_and_new(moved)
    return Evidence(
        where=f"{asked['data']['exchange']} request to {old} (record {asked['id']})",
        saw=(
            f"no answer at {old}; {seconds(moved['time'] - asked['time'])} later the same tunnel came "
            f"from {new}"
        ),
        expected="an answer: the mapping of a tunnel has to last while it is idle",
        because=(asked, moved),
        fix=Fix(
            cpe=(
                "send NAT keepalives every 20 s, and check for life; raise the UDP timeout of the router "
                "before it"
            ),
            device_link="nothing: the gateway cannot keep a mapping of a NAT at the CPE's side",
            strongswan="keep_alive = 20s   (in strongswan.conf)\ndpd_delay = 30s",
        ),
    )


RULE = Rule(
    code="GSA-NAT-014",
    title="The NAT's mapping timed out while the tunnel was idle",
    step=Step.TRAFFIC,
    certainty=Certainty.LIKELY,
    severity=Severity.WARNING,
    service="would count the tunnel as down, and cannot open it again: only the CPE can",
    find=_find,
    page=Page(
        symptom=(
            "A tunnel without traffic is dead when something from the service's side wants to use it, and "
            "alive again as soon as the branch sends."
        ),
        cause=(
            "A NAT forgets a UDP mapping after some time without a packet, 30 seconds on some routers. The "
            "CPE sends no NAT keepalives, or not often enough, so what the gateway sends finds no mapping."
        ),
        proof=(
            "A request of the gateway stayed unanswered at the old port; then packets of the same tunnel "
            "came from another port of the same address. That the mapping had timed out, and was not "
            "changed for another reason, is likely."
        ),
        fix=(
            "NAT keepalives every 20 seconds (RFC 3948 section 4), and DPD on the CPE. FortiGate: set "
            "keepalive in phase1-interface. IOS XE: crypto ikev2 nat keepalive 20. Palo Alto: NAT "
            "traversal on, with liveness check. Raise the UDP timeout on the router before the CPE."
        ),
        service="A disconnected tunnel in the health log, without a reason.",
    ),
)
