"""GSA-NAT-019: IKE passes, and not one ESP packet ever came as IP protocol 50."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History, host
from gateway.diagnosis.rule import Evidence, Page, Rule, Step


def _find(history: History) -> Evidence | None:
    up = history.up_since
    if up is None or up["data"]["udp_encapsulation"] or history.bgp is not None:
        return None
    silent = history.last("no_esp_seen", after=up["id"])
    if silent is None or _esp_came(history, up):
        return None
    probe = history.last("esp_probed", after=silent["id"])
    alive = history.last("liveness_checked", after=silent["id"])
    if probe is None or probe["data"]["answered"] or alive is None:
        return None
    facts = history.tunnel
    return Evidence(
        where=f"after the CHILD SA came up (record {up['id']})",
        saw=(
            f"not one ESP packet from {facts.peer}, nor an answer to {probe['data']['pings']} pings through "
            f"the tunnel to {facts.peer_bgp}; a liveness check in IKE was answered meanwhile"
        ),
        expected=f"ESP from {facts.peer} as IP protocol 50: no NAT was detected, so it comes without UDP",
        because=(up, silent, *sorted((alive, probe), key=lambda record: int(record["id"]))),
        fix=Fix(
            cpe=(
                f"permit IP protocol 50 in both directions on every firewall between the CPE and "
                f"{facts.advertised_endpoint}, or force UDP encapsulation. First see whether the CPE's own "
                f"counter of sent ESP packets grows: where it stays 0, no firewall is at fault, the route to "
                f"{facts.local_bgp}/32 into the tunnel is missing"
            ),
            device_link="nothing: its address, key and policy fit",
            strongswan="encap = yes",
        ),
    )


def _esp_came(history: History, up: Record) -> bool:
    """Whether an ESP packet came since, if only one that was dropped."""
    if history.all("esp_seen", "tcp_syn_seen", "established", after=up["id"]):
        return True
    dropped = (r for r in history.stream if r["name"] == "esp_dropped" and r["id"] > up["id"])
    return any(_is_from_cpe(record, history) for record in dropped)


def _is_from_cpe(dropped: Record, history: History) -> bool:
    """Whether a dropped packet was the CPE's: one of its tunnel, or of no SA but from its address."""
    if dropped["data"]["direction"] != "in":
        return False
    source = host(dropped["data"].get("remote", ""))
    return history.tunnel.name == dropped.get("tunnel") or history.tunnel.peer == source


RULE = Rule(
    code="GSA-NAT-019",
    title="No ESP comes as IP protocol 50, while IKE passes",
    step=Step.BGP,
    certainty=Certainty.LIKELY,
    service="would show the tunnel as connected and BGP as disconnected",
    find=_find,
    page=Page(
        symptom=(
            "The tunnel is up on both ends, and liveness checks are answered, but nothing has ever gone "
            "through it: the CPE counts ESP packets that it sent, and none that it received."
        ),
        cause=(
            "Without a NAT between them, the two ends send ESP as IP protocol 50, beside UDP and TCP, not "
            "in UDP. A firewall or provider on the way permits UDP 500 and 4500, as people ask for, and has "
            "no rule for protocol 50. Behind a NAT, or with forced encapsulation, the same line works, "
            "because ESP then travels in UDP 4500 (RFC 3948)."
        ),
        proof=(
            "The CHILD SA is up without UDP encapsulation, and no ESP packet came, not even a damaged one. "
            "The gateway then asked: in IKE, which the CPE answered, and by pings through the tunnel to its "
            "BGP address, which it did not. A CPE that routes nothing into the tunnel, not even the answer "
            "to a ping, looks the same: likely. Its counter of sent packets tells the two apart. The "
            "finding goes away with the first ESP packet."
        ),
        fix=(
            "Permit IP protocol 50 between the two public addresses in both directions (IOS XE: permit esp "
            "host ... host ... in the access list). Where that is not yours to change, have the CPE wrap ESP "
            "in UDP. strongSwan: encap = yes. FortiGate: set nattraversal forced. Where the CPE has sent "
            "no ESP packet, add the static host route to the gateway's BGP address through the tunnel."
        ),
        service="tunnelConnected without bgpConnected in the remote network health log.",
    ),
)
