"""GSA-IKE-043: IKE_AUTH is answered, and the answer does not reach the CPE."""

from gateway.diagnosis.finding import Certainty
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import plural, where
from gateway.diagnosis.rules.repetitions import (
    auth_answers_lost,
    begun_again,
    open_the_way_back,
    port_answered_from,
    repeated_auth,
)


def _find(history: History) -> Evidence | None:
    if not auth_answers_lost(history):
        return None
    repeats = repeated_auth(history)
    made = [r for r in history.all("ike_sa_established") if r["id"] < repeats[-1]["id"]]
    sas = len({r["ike_spi"] for r in repeats})
    first = next(r for r in made if r["ike_spi"] == repeats[0]["ike_spi"])
    port = port_answered_from(repeats[-1])
    return Evidence(
        where=where(first, "IKE_AUTH exchange"),
        saw=(
            f"the CPE repeats IKE_AUTH, {plural(len(repeats), 'time')} until now"
            f"{f' in {sas} IKE SAs' if sas > 1 else ''}, though each request is answered; nothing else comes "
            "from it"
        ),
        expected=f"one IKE_AUTH request, then traffic: our answer from UDP {port} does not reach the CPE",
        because=(first, repeats[-1], *begun_again(history, "child_sa_established", repeats)),
        fix=open_the_way_back(
            history, repeats[-1], "nothing: the CPE is authenticated, and its proposals are allowed"
        ),
    )


RULE = Rule(
    code="GSA-IKE-043",
    title="The answer to IKE_AUTH does not reach the CPE",
    step=Step.IKE_AUTH,
    certainty=Certainty.PROVEN,
    service="would show the tunnel as connected for some minutes, then as disconnected, without BGP",
    find=_find,
    page=Page(
        symptom=(
            "The far end shows the tunnel as up, the CPE does not: it retransmits IKE_AUTH until it gives "
            "up, and begins again."
        ),
        cause=(
            "IKE_SA_INIT and its answer pass, over UDP 500; IKE_AUTH goes over UDP 4500 when there is a NAT "
            "or the CPE wants it so, and its answer comes from port 4500. A filter before the CPE lets UDP "
            "4500 out and not in: a rule for port 500 that was never copied to 4500, a firewall without "
            "state, an IPsec passthrough that takes port 4500 for itself. An answer that is cut into IP "
            "fragments is lost the same way."
        ),
        proof=(
            "The gateway authenticated the CPE and answered. The same request, to the last octet, came "
            "again, twice or more, and each time the answer was sent again; nothing came that a CPE sends "
            "after it: no further exchange, no TCP connection out of the tunnel. That TCP 179 stays silent "
            "follows from it, and is no failure of BGP. A CPE that gets the answer and drops it looks the "
            "same: its log then tells why."
        ),
        fix=(
            "Allow UDP from the gateway's endpoint, port 4500, to the CPE on every firewall on the way, "
            "switch off IPsec passthrough or ALG on the ISP router, and compare captures on the CPE's WAN "
            "side and before its firewall."
        ),
        service="tunnelConnected without bgpConnected, then tunnelDisconnected, as far as is known.",
    ),
)
