"""GSA-NAT-013: a NAT gave a live tunnel another port."""

from gateway.diagnosis.finding import Certainty, Fix, Severity
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import plural
from gateway.diagnosis.rules.source_ports import after_silence, moves, old_and_new


def _find(history: History) -> Evidence | None:
    moved = moves(history)
    if not moved or any(after_silence(history, record) for record in moved):
        return None  # a mapping that times out changes too; that is the finding then
    old, new = old_and_new(moved[-1])
    return Evidence(
        where=f"UDP 4500 from {new} (record {moved[-1]['id']})",
        saw=f"a live tunnel that came from {old} until then; {plural(len(moved), 'change')} since it is up",
        expected="the same port as long as the tunnel lives",
        because=tuple(moved[-3:]),
        fix=Fix(
            cpe="forward UDP 500 and 4500 to the CPE on the router before it, or raise its UDP timeout",
            device_link="nothing: the address is still the link's",
        ),
    )


RULE = Rule(
    code="GSA-NAT-013",
    title="A NAT changed its mapping in mid-session",
    step=Step.TRAFFIC,
    certainty=Certainty.PROVEN,
    severity=Severity.WARNING,
    service="is not known to follow a CPE to another port; the tunnel may stall until it is made anew",
    find=_find,
    page=Page(
        symptom="Traffic to the branch stops for a moment, or until the next rekey, and then goes on.",
        cause=(
            "The NAT before the CPE was restarted, ran out of ports, or gives its mappings new ports "
            "regularly. What the gateway sends goes to the old port, where nobody is, until an authentic "
            "packet comes from the new one."
        ),
        proof=(
            "Packets of the same IKE SA or CHILD SA, authenticated, from another port of the same address "
            "(RFC 7296 section 2.23). The gateway has followed them."
        ),
        fix=(
            "Give the router before the CPE a fixed forwarding of UDP 500 and 4500, so that there is no "
            "mapping to change. Shorten the CPE's NAT keepalives, so that a new mapping is found soon."
        ),
        service="Not documented.",
    ),
)
