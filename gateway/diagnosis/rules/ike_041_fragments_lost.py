"""GSA-IKE-041: IKE_AUTH came in fragments, and not all of them arrived."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import plural, seconds, where

SILENCE_SECONDS = 5.0
"""Fragments leave together; after so long the missing ones are lost, or wait for the retransmission."""


def _find(history: History) -> Evidence | None:
    started = history.last("reassembly_started")
    if started is None or started["data"]["exchange"] != "IKE_AUTH":
        return None
    after = history.all(
        "message_received", "incomplete_message_dropped", "datagram_dropped", after=started["id"]
    )
    ours = [r for r in after if r.get("ike_spi") == started["ike_spi"]]
    if any(r["name"] == "message_received" for r in ours):
        return None
    given_up = [r for r in ours if r["name"] == "incomplete_message_dropped"]
    again = [r for r in ours if r["data"].get("reason") == "unexpected_fragment"]
    if not given_up and not again and history.age(started) < SILENCE_SECONDS:
        return None
    total = started["data"]["total"]
    if given_up:
        numbers = ", ".join(map(str, given_up[-1]["data"]["received"]))
        saw = f"of {plural(total, 'fragment')} only number {numbers} in time"
    elif again:
        saw = f"{again[-1]['data']['detail']}: the CPE repeats, and the rest of {total} is lost again"
    else:
        saw = f"not all of {plural(total, 'fragment')} within {seconds(history.age(started))}"
    return Evidence(
        where=where(started, "IKE_AUTH request"),
        saw=saw,
        expected=f"all {total} fragments (RFC 7383)",
        because=(started, *(given_up or again)[-1:]),
        certainty=Certainty.PROVEN if given_up or again else Certainty.LIKELY,
        fix=Fix(
            cpe=(
                "let its IKE fragments be smaller than the path's MTU, or IKE_AUTH small enough to need "
                "none: offer one proposal"
            ),
            device_link="nothing: its address and its policy fit",
            strongswan="fragment_size = 576   (in strongswan.conf)",
        ),
    )


RULE = Rule(
    code="GSA-IKE-041",
    title="Fragments of IKE_AUTH are lost",
    step=Step.IKE_AUTH,
    certainty=Certainty.PROVEN,
    service="would show nothing: a half-open IKE SA times out without a log entry",
    find=_find,
    page=Page(
        symptom="The CPE gets the answer to IKE_SA_INIT, then retransmits IKE_AUTH until it gives up.",
        cause=(
            "IKE_AUTH is large, of many proposals or of certificates, and the CPE cuts it into fragments "
            "of its own (RFC 7383). Something on the way drops the large ones: a link with a smaller MTU, "
            "as PPPoE or another tunnel, whose ICMP messages are filtered, or a firewall with a limit on "
            "UDP."
        ),
        proof=(
            "One fragment arrived and authenticates the IKE SA; the others did not, even when the CPE "
            "repeated them. Before the repetition it is only likely. A CPE that leaves fragmentation to IP "
            "loses the message as a whole: GSA-IKE-047."
        ),
        fix=(
            "Set a smaller IKE fragment size on the CPE (strongSwan: charon.fragment_size; IOS XE: crypto "
            "ikev2 fragmentation mtu; FortiGate: set fragmentation-mtu in phase1-interface), or offer one "
            "proposal instead of all. Let ICMP fragmentation needed pass."
        ),
        service="Nothing: the tunnel just does not come up.",
    ),
)
