"""GSA-NAT-010: a NAT rewrites the CPE's source port 500."""

from gateway.diagnosis.autopsy import of_request
from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import plural, where
from gateway.diagnosis.rules.waiting import since_it_waits, waits


def _find(history: History) -> Evidence | None:
    if not waits(history):
        return None
    dropped = since_it_waits(history, history.all("datagram_dropped"))
    rewritten = [record for record in dropped if record["data"]["reason"] == "port_rewritten"]
    if not rewritten:
        return None
    last = rewritten[-1]
    offered = of_request(last, history.all("nat_hashes_offered"))
    account = history.autopsies.account(offered) if offered else ""
    port = last["data"]["remote"].rpartition(":")[2]
    return Evidence(
        where=where(last, "IKE_SA_INIT request"),
        saw=(
            f"source port {port}; {plural(len(rewritten), 'datagram')} dropped unanswered"
            + (f"; {account}" if account else "")
        ),
        expected="IKE_SA_INIT from UDP port 500, as every CPE sends it when no NAT rewrites the port",
        because=(last, offered) if offered else (last,),
        fix=Fix(
            cpe=(
                "have the router before it keep the source port 500 (a static NAT, a port forwarding of "
                "UDP 500 and 4500, bridge mode), or let the CPE begin on UDP 4500, where any port will do"
            ),
            device_link="nothing; in the lab file, gateway: {ike: {natPortRewrite: accept}} takes any port",
            strongswan="local_port = 4500\nremote_port = 4500",
        ),
    )


RULE = Rule(
    code="GSA-NAT-010",
    title="Source port 500 rewritten",
    step=Step.FRONT_DOOR,
    certainty=Certainty.PROVEN,
    service="is documented to want port 500 unchanged; it answers nothing, as far as is known",
    find=_find,
    page=Page(
        symptom=(
            "The CPE retransmits IKE_SA_INIT; another CPE, or the same one without the router before it, "
            "works."
        ),
        cause=(
            "A NAT between the CPE and the service gives its UDP port 500 another number: because a second "
            "device behind it uses 500 already, because it always chooses ports at random, or because it "
            "is a carrier-grade NAT. Microsoft's page says that port 500 must not be rewritten."
        ),
        proof=(
            "The datagram came from the link's device IP address to port 500, and its source port is not "
            "500. The NAT detection hash in it tells the address and port that it left with, when "
            "they can be guessed (RFC 7296 section 2.23): the gateway tries every private address in the "
            "background."
        ),
        fix=(
            "On the router before the CPE: a static (one-to-one) NAT, port forwarding of UDP 500 and 4500 "
            "to the CPE, a rule that keeps the source port, or bridge mode; no second IPsec device behind "
            "it. With a carrier-grade NAT, ask for a public address."
        ),
        service="Nothing: IKE_SA_INIT is ignored, without a log entry.",
    ),
)
