"""GSA-TRF-005: traffic from an address for which the CPE announces no prefix."""

from ipaddress import IPv4Address, IPv4Network

from gateway.diagnosis.facts import Record
from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.announced import some
from gateway.diagnosis.rules.common import plural
from gateway.diagnosis.rules.traffic import drops, flow, recent

_NO_HOST = (IPv4Network("169.254.0.0/16"), IPv4Network("0.0.0.0/8"), IPv4Network("224.0.0.0/3"))


def _find(history: History) -> Evidence | None:
    if history.bgp is None or not history.accepted:
        return None
    last = recent(history, [drop for drop in drops(history, "no_return_route") if _is_of_host(history, drop)])
    if last is None:
        return None
    source = last["data"]["source"]
    return Evidence(
        where=f"traffic inside the tunnel (record {last['id']})",
        saw=f"{flow(last)}, {plural(last['data']['packets'], 'packet')} dropped: no prefix of the CPE holds "
        f"{source}; it announces {some(list(history.accepted))}",
        expected=f"a prefix that holds {source} among those that the CPE announces",
        because=(last,),
        fix=Fix(
            cpe=f"announce the prefix of {source} to this neighbour, or translate it to an announced address",
            device_link="nothing: it has no routes of its own",
        ),
    )


def _is_of_host(history: History, drop: Record) -> bool:
    """Whether the source is a host of the branch that still has no way back, not the CPE itself."""
    source, facts = IPv4Address(drop["data"]["source"]), history.tunnel
    if str(source) in (facts.peer, facts.peer_bgp) or any(source in network for network in _NO_HOST):
        return False
    return not any(source in IPv4Network(prefix) for prefix in history.accepted)


RULE = Rule(
    code="GSA-TRF-005",
    title="Traffic from an address that BGP does not announce",
    step=Step.TRAFFIC,
    certainty=Certainty.PROVEN,
    service="has no way back for the answers, and shows nothing",
    find=_find,
    page=Page(
        symptom=(
            "Tunnel, BGP and routes are fine, and one part of the branch works; hosts of another network, "
            "often a new VLAN, get no answer."
        ),
        cause=(
            "The gateway sends answers to the prefixes that the CPE announces by BGP, and knows no other "
            "way to the branch. The source of the traffic is in none of them: the network statement is "
            "missing or names another prefix, or a summary leaves it out."
        ),
        proof=(
            "Packets from the address came out of the tunnel for a destination that a profile covers, and "
            "none of the announced prefixes holds the address. The CPE's own addresses do not count."
        ),
        fix=(
            "Announce the prefix (FRR: network ... under address-family ipv4 unicast; BIRD: a static route "
            "and the export filter; FortiGate: config network; IOS XE: network ... mask ...), or translate "
            "the hosts to an address that is announced."
        ),
        service="Nothing: what a CPE announces is not shown.",
    ),
)
