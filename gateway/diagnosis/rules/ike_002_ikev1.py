"""GSA-IKE-002: the CPE speaks IKEv1."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History, host
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import where
from gateway.diagnosis.rules.waiting import since_it_waits, waits


def _find(history: History) -> Evidence | None:
    if not waits(history):
        return None
    ours = _old(since_it_waits(history, history.all("datagram_dropped")))
    unknown = _old(since_it_waits(history, history.strays))
    if not (ours or unknown):
        return None
    last = (ours or unknown)[-1]
    stranger = "" if ours else f"; {host(last['data']['remote'])} is in no device link, either"
    return Evidence(
        where=where(last, "first message"),
        saw=last["data"]["detail"].partition(",")[0] + stranger,
        expected="IKE version 2.0",
        because=(last,),
        fix=Fix(
            cpe="set the IKE version of the tunnel to IKEv2",
            device_link="nothing: a device link has no IKEv1",
            strongswan="version = 2",
        ),
    )


def _old(dropped: list[Record]) -> list[Record]:
    return [record for record in dropped if record["data"]["reason"] == "old_version"]


RULE = Rule(
    code="GSA-IKE-002",
    title="IKEv1 instead of IKEv2",
    step=Step.FRONT_DOOR,
    certainty=Certainty.PROVEN,
    service="would answer nothing: the CPE's main mode times out",
    find=_find,
    page=Page(
        symptom=(
            "Phase 1 times out in main mode or aggressive mode; the CPE's log shows ISAKMP retransmissions."
        ),
        cause=(
            "The tunnel is configured for IKEv1, on many devices still the default. The service speaks "
            "IKEv2 only."
        ),
        proof="The version field in the header of the CPE's first message is below 2 (RFC 7296 section 3.1).",
        fix=(
            "Set IKEv2 on the CPE (strongSwan: version = 2; FortiGate: set ike-version 2; IOS XE: crypto "
            "ikev2). IKEv1 and IKEv2 proposals are separate settings on most devices, so check those as "
            "well."
        ),
        service="Nothing is documented to be answered; the tunnel stays disconnected.",
    ),
)
