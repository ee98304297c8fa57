"""GSA-IKE-047: IKE_AUTH is larger than a packet, and its IP fragments do not all arrive."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import plural, seconds, where
from gateway.diagnosis.rules.half_open import (
    SILENCE_SECONDS,
    fragments_itself,
    lost_ip_fragments,
    silent_after_init,
)


def _find(history: History) -> Evidence | None:
    answered = silent_after_init(history)
    lost = lost_ip_fragments(history, answered) if answered else None
    if answered is None or lost is None:
        return None
    said = "did" if fragments_itself(history, answered) else "did not"
    return Evidence(
        where=where(answered, "IKE_SA_INIT exchange"),
        saw=(
            f"IKE_SA_INIT answered, then no IKE_AUTH for {seconds(history.age(answered))}, but "
            f"IP fragments of {plural(lost['data']['datagrams'], 'datagram')} that did not become whole; the "
            f"CPE {said} offer IKE fragmentation"
        ),
        expected="an IKE_AUTH request, whole or in fragments of IKE's own (RFC 7383)",
        because=(answered, lost),
        fix=Fix(
            cpe="switch IKE fragmentation on, or make IKE_AUTH small: offer one proposal, no certificates",
            device_link="nothing: its address and its policy fit",
            strongswan="fragmentation = yes",
        ),
    )


RULE = Rule(
    code="GSA-IKE-047",
    title="IKE_AUTH is lost in IP fragments",
    step=Step.IKE_AUTH,
    certainty=Certainty.LIKELY,
    service="would show nothing: a half-open IKE SA times out without a log entry",
    find=_find,
    page=Page(
        symptom=(
            "The CPE gets the answer to IKE_SA_INIT, then retransmits IKE_AUTH until it gives up. Small "
            "packets, a ping for example, pass."
        ),
        cause=(
            "IKE_AUTH is larger than a packet, of many proposals or of certificates, and the CPE "
            "leaves it to IP to cut it. Of the IP fragments the first alone has a port, and many "
            "firewalls and routers drop the others; or a link with a smaller MTU drops the large ones."
            " One lost fragment is a lost message."
        ),
        proof=(
            f"The answer to IKE_SA_INIT left, no message of the IKE SA came for {SILENCE_SECONDS:.0f} "
            "seconds, and meanwhile the kernel counted IP fragments that did not become a datagram. "
            "Whose they were it does not say, so the finding is likely. When every fragment is dropped"
            " on the way, nothing arrives that could be counted, and the finding is GSA-IKE-040."
        ),
        fix=(
            "Switch IKE fragmentation on (strongSwan: fragmentation = yes, the default; IOS XE: crypto"
            " ikev2 fragmentation mtu 576; FortiGate: set fragmentation enable in phase1-interface), "
            "offer one proposal instead of all, and let IP fragments pass."
        ),
        service="Nothing: the tunnel just does not come up.",
    ),
)
