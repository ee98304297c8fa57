"""GSA-NAT-017: a router's IPsec passthrough serves one CPE, and this is another one."""

from gateway.diagnosis.facts import Record, TunnelFacts
from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import seconds
from gateway.diagnosis.rules.source_ports import IKE, port

SILENCE_SECONDS = 10.0
"""A CPE that is there sends IKE_SA_INIT at once, and again within a few seconds."""


def _find(history: History) -> Evidence | None:
    tunnel, ready = history.tunnel, history.started
    if ready is None or history.age(ready) < SILENCE_SECONDS or _was_heard(history, tunnel.name):
        return None
    others = [t for t in history.tunnels if t.peer == tunnel.peer and _link(t.name) != _link(tunnel.name)]
    found = [(each, init) for each in others if (init := _unchanged_init(history, each))]
    if not found:
        return None
    other, init = found[0]
    return Evidence(
        where=f"UDP 500 of {tunnel.endpoint} (record {init['id']}: the other CPE)",
        saw=(
            f"no datagram for {seconds(history.age(ready))}, while the CPE of {_link(other.name)}, behind "
            f"the same public address {tunnel.peer}, came through with source port 500 unchanged"
        ),
        expected=f"an IKE_SA_INIT request from {tunnel.peer} to {tunnel.advertised_endpoint}, UDP 500",
        because=(ready, init),
        fix=Fix(
            cpe=(
                "see that it initiates; switch IPsec passthrough off on the router that both share, and "
                "let this one begin on UDP 4500; or give each CPE a public address of its own"
            ),
            device_link="nothing, while the address is right",
            strongswan="local_port = 4500\nremote_port = 4500",
        ),
    )


def _unchanged_init(history: History, other: TunnelFacts) -> Record | None:
    """Its latest IKE_SA_INIT that came through an address translation with its port unchanged."""
    of_it = (r for r in reversed(history.stream) if r.get("tunnel") == other.name)
    init = next((r for r in of_it if r["name"] == "nat_detection"), None)
    if init is None or not init["data"]["status"]["remote_behind_nat"]:
        return None
    return init if port(init["data"]["remote"]) == port(init["data"]["local"]) == IKE else None


def _was_heard(history: History, tunnel: str) -> bool:
    """Whether anything came for the device link, or for this one from nobody known."""
    link = _link(tunnel)
    return bool(history.strays or history.astray) or any(_link(name) == link for name in history.heard)


def _link(tunnel: str) -> str:
    return tunnel.rpartition("/")[0]


RULE = Rule(
    code="GSA-NAT-017",
    title="IPsec passthrough serves one CPE only, and this is the second",
    step=Step.FRONT_DOOR,
    certainty=Certainty.POSSIBLE,
    service="would show one device link as connected and the other as disconnected, without a reason",
    find=_find,
    page=Page(
        symptom="Of two CPEs behind one router the first connects; the second never gets an answer.",
        cause=(
            'A router with IPsec passthrough (an ALG, or "VPN helper") keeps source port 500 for IKE instead '
            "of translating it. That port can be given once: the first CPE has it, and what the second one "
            "sends from port 500 is dropped. Switched on for one machine that does no NAT traversal, it is "
            "in the way of two that do."
        ),
        proof=(
            "Nothing came for this device link for "
            f"{SILENCE_SECONDS:.0f} seconds, while the CPE of another link with the same device IP address "
            "came through a NAT with source port 500 unchanged. A CPE that is switched off looks the same, "
            "so it is possible, not more."
        ),
        fix=(
            "Switch IPsec passthrough off on the router, so that it gives the second CPE another port; as "
            "the service wants port 500 unchanged, let this CPE begin IKE on UDP 4500, where any port will "
            "do, or give it a public address. strongSwan: local_port and remote_port 4500. IOS XE and "
            "FortiGate begin on 500."
        ),
        service="tunnelConnected of one device link; nothing of the other.",
    ),
)
