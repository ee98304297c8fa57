"""GSA-IKE-004: the device link has the CPE's private WAN address, and a NAT hides it."""

from gateway.diagnosis.autopsy import sentence
from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History, host
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import device_link, where
from gateway.diagnosis.rules.waiting import claimed_by, sender, since_it_waits, strangers, waits


def _find(history: History) -> Evidence | None:
    if not waits(history):
        return None
    peer = history.tunnel.peer
    strays = strangers(history, since_it_waits(history, history.strays))
    ours = [record for record in strays if claimed_by(history, record) == peer]
    if not ours or (found := sender(history, ours[-1])) is None:
        return None
    last, (offered, believed) = ours[-1], found
    public = host(last["data"]["remote"])
    return Evidence(
        where=where(last, "IKE_SA_INIT request"),
        saw=sentence(believed, last["data"]["remote"]),
        expected=f"the source address {peer}, which is the device IP address of {device_link(history)}",
        because=(last, offered),
        fix=Fix(
            cpe="nothing: it cannot know its public address",
            device_link=f"delete it and create it again with the device IP address {public}",
        ),
    )


RULE = Rule(
    code="GSA-IKE-004",
    title="The device link has the CPE's address behind its NAT",
    step=Step.FRONT_DOOR,
    certainty=Certainty.PROVEN,
    service="would answer nothing and log nothing: the CPE sees only its own retransmissions",
    find=_find,
    page=Page(
        symptom="The CPE sends IKE_SA_INIT again and again; no answer ever comes.",
        cause=(
            "The address of the CPE's WAN interface was entered as the device IP address, but the ISP's "
            "router or a carrier-grade NAT rewrites it. The service sees only the public address, and no "
            "device link has that one. It is the most common mistake of all."
        ),
        proof=(
            "The request carries a hash of the address and port that the CPE believes to have (RFC 7296 "
            "section 2.23). It is the hash of the link's device IP address, while the datagram came from "
            "another one."
        ),
        fix=(
            "Device links cannot be edited: delete the link and create it again with the public address "
            "that the finding names, then compare the endpoint on the CPE with the new View configuration. "
            "Behind a carrier-grade NAT the public address may change: ask the provider for a static one."
        ),
        service=(
            "Nothing: datagrams from unknown addresses are ignored without an answer and without a log entry."
        ),
    ),
)
