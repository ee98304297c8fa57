"""GSA-IKE-001: IKE arrives from an address that no device link has."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History, host
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import plural, where
from gateway.diagnosis.rules.waiting import (
    claimed_by,
    same_endpoint,
    since_it_waits,
    strangers,
    waits,
    was_up,
)


def _find(history: History) -> Evidence | None:
    if not waits(history) or was_up(history):
        return None
    strays = strangers(history, since_it_waits(history, history.strays))
    dropped = [record for record in strays if not claimed_by(history, record)]
    if not dropped:
        return None
    last = dropped[-1]
    source = host(last["data"]["remote"])
    same = [r for r in dropped if host(r["data"]["remote"]) == source]
    links = ", ".join(sorted({f"{t.peer} ({t.name.rpartition('/')[0]})" for t in same_endpoint(history)}))
    return Evidence(
        where=where(last, "IKE_SA_INIT request"),
        saw=(
            f"source address {source}, which no device link has; {plural(len(same), 'datagram')} "
            "dropped unanswered"
        ),
        expected=f"one of the device IP addresses of this endpoint: {links}",
        because=(same[0], last) if len(same) > 1 else (last,),
        fix=Fix(
            cpe=(
                "send IKE from the public address that the device link names; behind NAT that is the router's"
            ),
            device_link=(
                f"delete it and create it again with the device IP address {source}, if that is the CPE"
            ),
        ),
    )


RULE = Rule(
    code="GSA-IKE-001",
    title="Unknown source address",
    step=Step.FRONT_DOOR,
    certainty=Certainty.PROVEN,
    service="would answer nothing and log nothing: the CPE sees only its own retransmissions",
    find=_find,
    page=Page(
        symptom=(
            "The CPE sends IKE_SA_INIT again and again and gives up; no answer ever comes. The gateway "
            "logs no tunnel event."
        ),
        cause=(
            "The gateway finds a device link by the source address of the first datagram. The link's "
            "device IP address is not the one the CPE's datagrams arrive from: the private WAN address was "
            "entered instead of the ISP router's public one (the most common case), the public address is "
            "dynamic and has changed, or the CPE leaves by another uplink."
        ),
        proof=(
            "The datagram arrived, so routing and UDP port 500 are fine; its source address is in no "
            "device link of this endpoint. It is only reported while a tunnel of the endpoint waits for a "
            "CPE that never came; one that was connected before gives GSA-IKE-005, and one whose NAT "
            "detection hash shows the private address GSA-IKE-004."
        ),
        fix=(
            "Compare the address that was seen with the link's device IP address. Device links cannot be "
            "edited: delete the link, create it again with the public address, and check the endpoint on "
            "the CPE, which may have changed. Give the CPE a static public address."
        ),
        service=(
            "Nothing: datagrams from unknown addresses are ignored without an answer and without a log entry."
        ),
    ),
)
