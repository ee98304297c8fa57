"""GSA-IKE-016: IKE_SA_INIT is answered, and the answer does not reach the CPE."""

from gateway.diagnosis.finding import Certainty
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import plural, seconds, where
from gateway.diagnosis.rules.repetitions import FEW, begun_again, open_the_way_back, repeated_init

SILENCE_SECONDS = 5.0
"""A CPE that got the answer sends IKE_AUTH at once."""


def _find(history: History) -> Evidence | None:
    repeats = repeated_init(history)
    if not repeats:
        return None
    spi = repeats[-1]["ike_spi"]
    answered = [r for r in history.all("ike_sa_init_answered") if r["ike_spi"] == spi]
    if not answered or (len(repeats) < FEW and history.age(answered[0]) < SILENCE_SECONDS):
        return None
    return Evidence(
        where=where(answered[0], "IKE_SA_INIT exchange"),
        saw=(
            f"the CPE repeats IKE_SA_INIT, {plural(len(repeats), 'time')} until now, though each request is "
            f"answered; no IKE_AUTH in {seconds(history.age(answered[0]))}"
        ),
        expected="one IKE_SA_INIT request, then IKE_AUTH: our answer does not reach the CPE",
        because=(answered[0], repeats[-1], *begun_again(history, "ike_sa_init_answered", repeats)),
        certainty=Certainty.PROVEN if len(repeats) >= FEW else Certainty.LIKELY,
        fix=open_the_way_back(
            history,
            repeats[-1],
            "nothing: the request came from its address, and its policy allows the proposal",
        ),
    )


RULE = Rule(
    code="GSA-IKE-016",
    title="The answer to IKE_SA_INIT does not reach the CPE",
    step=Step.IKE_SA_INIT,
    certainty=Certainty.PROVEN,
    service="would show nothing: a half-open IKE SA times out without a log entry",
    find=_find,
    page=Page(
        symptom=(
            "The CPE retransmits IKE_SA_INIT until it gives up, as if the gateway were not there; a capture "
            "on its WAN side shows requests that leave and no answer."
        ),
        cause=(
            "The way back is blocked. A stateless filter on the CPE or before it lets UDP 500 out and not "
            "in, the ISP drops packets that come from port 500, the answer takes another way than the "
            "request and meets a firewall without state, or a NAT has sent the request from an address that "
            "the answer does not find."
        ),
        proof=(
            "The same request, to the last octet, came again after it was answered, and nothing that a CPE "
            "sends after the answer. Two repetitions prove it; one, with five seconds of silence, makes it "
            "likely. A CPE that gets the answer and drops it looks the same: its log then tells why."
        ),
        fix=(
            "Allow UDP from the gateway's endpoint, ports 500 and 4500, to the CPE on every firewall on the "
            "way, and compare captures on the CPE's WAN side and before its firewall."
        ),
        service="Nothing: the tunnel just does not come up.",
    ),
)
