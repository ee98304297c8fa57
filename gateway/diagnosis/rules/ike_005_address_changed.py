"""GSA-IKE-005: the CPE was connected, and now comes from another address."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History, host
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import device_link, plural, where
from gateway.diagnosis.rules.waiting import claimed_by, lost, strangers


def _find(history: History) -> Evidence | None:
    if not lost(history):
        return None
    heard = history.last("message_received")
    strays = [
        r
        for r in strangers(history, history.strays)
        if (heard is None or r["id"] > heard["id"]) and not claimed_by(history, r)
    ]
    if not strays:
        return None
    last = strays[-1]
    source = host(last["data"]["remote"])
    up, same = (
        history.all("ike_sa_established")[-1],
        [r for r in strays if host(r["data"]["remote"]) == source],
    )
    gone = history.last("ike_sa_closed", "request_retransmitted", after=up["id"])
    return Evidence(
        where=where(last, "IKE_SA_INIT request"),
        saw=(
            f"the CPE was connected from {history.tunnel.peer} and is gone; {source}, which no device link "
            f"has, now sends IKE_SA_INIT: {plural(len(same), 'datagram')} dropped unanswered"
        ),
        expected=f"the CPE back at {history.tunnel.peer}, the device IP address of {device_link(history)}",
        because=tuple(sorted((up, *((gone,) if gone else ()), last), key=lambda r: int(r["id"]))),
        fix=Fix(
            cpe="give its WAN a static public address, or bring back the uplink with the old one",
            device_link=f"delete it and create it again with the device IP address {source}, if that is it",
        ),
    )


RULE = Rule(
    code="GSA-IKE-005",
    title="The CPE's public address has changed",
    step=Step.FRONT_DOOR,
    certainty=Certainty.LIKELY,
    service="would show a disconnected tunnel: the new address is ignored without a log entry",
    find=_find,
    page=Page(
        symptom="The tunnel worked, went down, and does not come back; the CPE retransmits IKE_SA_INIT.",
        cause=(
            "The provider gave the CPE another public address, after a reconnection or a failover to a "
            "second uplink. A device link has one fixed address, so the service ignores the new one."
        ),
        proof=(
            "The CPE was authenticated, its IKE SA ended or it stopped answering, and since then a source "
            "that no device link has sends IKE_SA_INIT to the same endpoint. Who sends cannot be told "
            "before authentication, so the finding is likely and not proven."
        ),
        fix=(
            "Give the CPE a static public address. Device links cannot be edited: for a new address, "
            "delete the link, create it again, and compare the endpoint on the CPE with the new View "
            "configuration. For a second uplink, create a second device link."
        ),
        service="A disconnected tunnel in the health log, without a reason.",
    ),
)
