"""GSA-IKE-003: not one IKE datagram has come from the CPE."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History, host
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
    told, astray = tunnel.advertised_endpoint, _esp_of_no_sa(history)
    return Evidence(
        title="The CPE sends ESP, but no IKE" if astray else None,
        where=f"UDP 500 of {tunnel.endpoint} (record {ready['id']}: the gateway is ready)",
        saw=(
            f"no IKE message from {tunnel.peer} for {seconds(history.age(ready))}, but ESP with an SPI that "
            f"no SA has: {astray['data']['spi']}"
            if astray
            else f"no datagram from {tunnel.peer} for {seconds(history.age(ready))}, nor from an unknown "
            "address"
        ),
        expected=f"an IKE_SA_INIT request from {tunnel.peer} to {told}, UDP 500",
        because=(ready, astray) if astray else (ready,),
        fix=Fix(
            cpe=(
                "take the tunnel down and up again: it still uses SAs from before the gateway was started; "
                "if it has a port of its own for IKE, set that to 500: on port 4500, IKE begins with four "
                "zero octets (RFC 3948 section 2.2)"
                if astray
                else f"see that the tunnel is enabled and initiates, that its peer is {told}, that it has a "
                "route there, and that no firewall on the way drops UDP 500 and 4500"
            ),
            device_link=(
                f"compare its endpoint in the View configuration with the CPE: a new {device_link(history)} "
                "may have another one"
            ),
            strongswan=f"remote_addrs = {told}\nstart_action = start",
        ),
    )


def _esp_of_no_sa(history: History) -> Record | None:
    """The last ESP packet of the CPE that belongs to no SA."""
    found = (
        r
        for r in reversed(history.stream)
        if r["name"] == "esp_dropped"
        and r["data"]["reason"] == "unknown_spi"
        and host(r["data"].get("remote", "")) == history.tunnel.peer
    )
    return next(found, None)


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
            "tunnel is disabled, or it waits for the other side to begin: the service never initiates. When "
            "ESP comes all the same, the CPE has not noticed that the gateway began anew, and uses SAs that "
            "are gone; or it sends IKE to port 4500 as if it were port 500, and it is taken for ESP."
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
