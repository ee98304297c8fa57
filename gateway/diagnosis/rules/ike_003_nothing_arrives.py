"""GSA-IKE-003: not one IKE datagram has come from the CPE."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import device_link, seconds
from gateway.diagnosis.rules.waiting import of_unknown_source

SILENCE_SECONDS = 10.0
"""A CPE that is there sends IKE_SA_INIT at once, and again within a few seconds."""


def _find(history: History) -> Evidence | None:
    tunnel, ready = history.tunnel, history.started
    if ready is None or history.age(ready) < SILENCE_SECONDS:
        return None
    link = tunnel.name.rpartition("/")[0]
    if any(name.rpartition("/")[0] == link for name in history.heard):
        return None
    if history.astray or of_unknown_source(history, history.strays):
        return None
    told = tunnel.advertised_endpoint
    return Evidence(
        where=f"UDP 500 of {tunnel.endpoint} (record {ready['id']}: the gateway is ready)",
        saw=f"no datagram from {tunnel.peer} for {seconds(history.age(ready))}, nor from an unknown address",
        expected=f"an IKE_SA_INIT request from {tunnel.peer} to {told}, UDP 500",
        because=(ready,),
        fix=Fix(
            cpe=(
                f"see that the tunnel is enabled and initiates, that its peer is {told}, that it has a route "
                "there, and that no firewall on the way drops UDP 500 and 4500"
            ),
            device_link=(
                f"compare its endpoint in the View configuration with the CPE: a new {device_link(history)} "
                "may have another one"
            ),
            strongswan=f"remote_addrs = {told}\nstart_action = start",
        ),
    )


RULE = Rule(
    code="GSA-IKE-003",
    title="Nothing arrives from the CPE",
    step=Step.FRONT_DOOR,
    certainty=Certainty.LIKELY,
    service="would show a disconnected tunnel and no reason",
    find=_find,
    page=Page(
        symptom="The CPE retransmits IKE_SA_INIT, or does nothing; the gateway has not seen one datagram.",
        cause=(
            "UDP 500 is blocked on the way, the CPE sends to another address than the link's endpoint (an "
            "old one, after the link was created again, is the usual one), it has no route there, its "
            "tunnel is disabled, or it waits for the other side to begin: the service never initiates."
        ),
        proof=(
            "The gateway listens, and no datagram of the link came for "
            f"{SILENCE_SECONDS:.0f} seconds: neither from its device IP address, at any endpoint, nor from "
            "an unknown address. That is silence, so the finding is likely and not proven."
        ),
        fix=(
            "Capture on the CPE's WAN side. No packet leaves: the tunnel is disabled or not initiating "
            "(strongSwan: start_action = start; FortiGate: set auto-negotiate enable; IOS XE: a tunnel "
            "interface that is up; Palo Alto: passive mode off). Packets leave and no answer comes: "
            "compare their destination with the View configuration, then look at the firewalls on the way."
        ),
        service="Nothing: the tunnel stays disconnected.",
    ),
)
