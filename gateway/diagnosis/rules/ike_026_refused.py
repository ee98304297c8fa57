"""GSA-IKE-026: the CPE's messages cannot be read, or are refused for a reason without another code."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import where

_NOTIFIES = {"INVALID_SYNTAX", "INVALID_MAJOR_VERSION", "UNSUPPORTED_CRITICAL_PAYLOAD"}
_REPEATED = 2
"""A CPE tries again; what came once may be anybody's, unless the keys of the IKE SA protect it."""


def _find(history: History) -> Evidence | None:
    if history.ike_live:
        return None
    unusable = [record for record in history.all("datagram_dropped", "request_refused") if _is_ours(record)]
    if not unusable:
        return None
    last = unusable[-1]
    data = last["data"]
    refused = last["name"] == "request_refused"
    protected = refused and data["exchange"] == "IKE_AUTH"
    if len(unusable) < _REPEATED and not protected:
        return None
    times = f" ({len(unusable)} times)" if len(unusable) > 1 else ""
    message = f"{data['exchange']} request" if refused else "IKE message"
    said = f"{data['notify']}: {data['reason']}" if refused else f"dropped as malformed: {data['detail']}"
    return Evidence(
        title=f"{message} that the gateway {'refuses' if refused else 'cannot read'}",
        where=where(last, message),
        saw=f"{said}{times}",
        expected="messages of IKE version 2 as RFC 7296 has them, without critical extensions",
        because=(*unusable[:-1][-1:], last),
        fix=Fix(
            cpe="switch extensions of IKE off that no standard has, update its software, and compare a "
            "capture of its WAN side with what arrived: if they differ, something on the way changes packets",
            device_link="nothing",
        ),
    )


def _is_ours(record: Record) -> bool:
    """Whether the message could not be understood; IKEv1 and refused values have codes of their own."""
    data = record["data"]
    if record["name"] == "datagram_dropped":
        return bool(data["reason"] == "malformed")
    return data["notify"] in _NOTIFIES


RULE = Rule(
    code="GSA-IKE-026",
    title="The CPE's IKE messages are not understood",
    step=Step.IKE_AUTH,
    certainty=Certainty.PROVEN,
    service="would show nothing: what it does not understand it does not log",
    find=_find,
    page=Page(
        symptom="The tunnel does not come up; the CPE retransmits, or logs a notify such as INVALID_SYNTAX.",
        cause=(
            "The gateway cannot make an IKE message of what arrives: a payload is missing, has the wrong "
            "length or an impossible value, the version is unknown, or an extension that the gateway does "
            "not know is marked critical (RFC 7296 section 2.5). A fault of the CPE's software, or something "
            "on the way that changes packets."
        ),
        proof=(
            "The message as it arrived, at least twice where no key protects it, and the first thing in it "
            "that breaks a rule. No authenticated IKE SA exists, so it is not somebody else's noise beside a "
            "tunnel that works."
        ),
        fix=(
            "Compare captures of both ends. Where they are equal it is the CPE: update it, and switch off "
            "extensions of its vendor. Where they differ, look for a helper (ALG) or an inspection of IPsec "
            "on the routers between, and switch it off."
        ),
        service="Nothing: the tunnel stays disconnected.",
    ),
)
