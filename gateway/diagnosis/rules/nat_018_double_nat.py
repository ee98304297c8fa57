"""GSA-NAT-018: the device link has an address between two NATs."""

from ipaddress import IPv4Address, IPv4Network

from gateway.diagnosis.autopsy import sentence
from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History, host
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import device_link, where
from gateway.diagnosis.rules.waiting import sender, since_it_waits, strangers, waits

_NOT_PUBLIC = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
"""RFC 1918 and RFC 6598."""


def _find(history: History) -> Evidence | None:
    peer = history.tunnel.peer
    if not waits(history) or _is_public(peer):
        return None
    strays = strangers(history, since_it_waits(history, history.strays))
    if not strays or (found := sender(history, strays[-1])) is None:
        return None
    last, (offered, inside) = strays[-1], found
    public = host(last["data"]["remote"])
    if inside.address == peer or _is_public(inside.address) or not _is_public(public):
        return None
    return Evidence(
        where=where(last, "IKE_SA_INIT request"),
        saw=f"{sentence(inside, last['data']['remote'])}; {device_link(history)} has a third one, {peer}",
        expected=f"the source address {peer}: with one NAT before the CPE it would be public",
        because=(last, offered),
        fix=Fix(
            cpe=(
                "nothing; have the provider give the outer router a public address, or put the inner one "
                "into bridge mode, so that one NAT is left"
            ),
            device_link=f"delete it and create it again with the device IP address {public}",
        ),
    )


def _is_public(address: str) -> bool:
    return not any(IPv4Address(address) in network for network in _NOT_PUBLIC)


RULE = Rule(
    code="GSA-NAT-018",
    title="Two NATs: the device link has the address between them",
    step=Step.FRONT_DOOR,
    certainty=Certainty.LIKELY,
    service="would answer nothing and log nothing: the CPE sees only its own retransmissions",
    find=_find,
    page=Page(
        symptom="IKE_SA_INIT gets no answer, although the link has the WAN address of the CPE's router.",
        cause=(
            "The router before the CPE is itself behind a NAT: another router, or the provider's "
            "carrier-grade NAT. What its status page calls the WAN address is private or shared (RFC 1918, "
            "RFC 6598), and the service never sees it. Two NATs in a row that keep UDP 500 do no harm "
            "otherwise; often the outer one does not keep it: GSA-NAT-010."
        ),
        proof=(
            "Three addresses. The hash in IKE_SA_INIT fits the CPE's own (RFC 7296 section 2.23); the "
            "datagram came from a public one; the device link has a third, which cannot be public. From the "
            "outside two NATs look like one, so that the third is between them is likely, not proven."
        ),
        fix=(
            "Device links cannot be edited: delete the link and create it again with the public address "
            "that the finding names. Behind a carrier-grade NAT that one may change and ports cannot be "
            "forwarded: ask the provider for a public address of your own; or set the inner router to "
            "bridge mode."
        ),
        service=(
            "Nothing: datagrams from unknown addresses are ignored without an answer and without a log entry."
        ),
    ),
)
