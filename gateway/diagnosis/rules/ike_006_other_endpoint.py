"""GSA-IKE-006: the CPE sends to an endpoint of the gateway that is not its link's."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History, host
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import device_link, plural, where
from gateway.diagnosis.rules.waiting import since_it_waits, waits


def _find(history: History) -> Evidence | None:
    tunnel = history.tunnel
    theirs = {t.endpoint for t in history.tunnels if t.peer == tunnel.peer}
    astray = [
        r
        for r in since_it_waits(history, history.astray)
        if r["data"]["reason"] == "unknown_source" and host(r["data"]["local"]) not in theirs
    ]
    if not astray or not waits(history):
        return None
    last = astray[-1]
    used = host(last["data"]["local"])
    others = ", ".join(sorted({t.name.rpartition("/")[0] for t in history.tunnels if t.endpoint == used}))
    return Evidence(
        where=where(last, f"IKE_SA_INIT request to {used}"),
        saw=(
            f"the CPE of {device_link(history)} sends to {used}, an endpoint of {others or 'no link'}; "
            f"{plural(len(astray), 'datagram')} dropped unanswered"
        ),
        expected=f"IKE_SA_INIT to {tunnel.advertised_endpoint}, the endpoint of {device_link(history)}",
        because=(last,),
        fix=Fix(
            cpe=f"set the peer address of the tunnel to {tunnel.advertised_endpoint}",
            device_link="nothing: its View configuration has the right endpoint",
            strongswan=f"remote_addrs = {tunnel.advertised_endpoint}",
        ),
    )


RULE = Rule(
    code="GSA-IKE-006",
    title="The CPE sends to another endpoint than its link's",
    step=Step.FRONT_DOOR,
    certainty=Certainty.PROVEN,
    service="would answer nothing: the old endpoint belongs to somebody else, or to nobody",
    find=_find,
    page=Page(
        symptom="The CPE retransmits IKE_SA_INIT, and its address is the one of the device link.",
        cause=(
            "The endpoint is chosen when a device link is created. Whoever deletes a link and creates it "
            "again, for a new key or address, may get another endpoint, and the CPE still has the old one. "
            "Or two links were mixed up."
        ),
        proof=(
            "Datagrams from the link's device IP address arrived at an endpoint of the gateway that is not "
            "the link's own."
        ),
        fix=(
            "Open the View configuration of the device link and enter its endpoint on the CPE. After every "
            "re-creation of a link, compare the endpoint, both BGP addresses and the ASN."
        ),
        service="Nothing is known to be answered; the tunnel stays disconnected.",
    ),
)
