"""GSA-NAT-016: IKE passes, and ESP has stopped."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step

_HOLD_TIMER_EXPIRED = 4


def _find(history: History) -> Evidence | None:
    probe = history.last("esp_probed")
    if probe is None or probe["data"]["answered"] or history.up_since is None or history.bgp is not None:
        return None
    if history.all("tcp_syn_seen", "established", "ike_sa_closed", after=probe["id"]):
        return None
    silent = _silence_before(history, probe)
    alive = _ike_since(history, silent) if silent else None
    if silent is None or alive is None:
        return None
    in_udp = history.up_since["data"]["udp_encapsulation"]
    how = "on UDP 4500, without the non-ESP marker" if in_udp else "as IP protocol 50"
    return Evidence(
        where=f"inside the tunnel, since its BGP session fell silent (record {silent['id']})",
        saw=(
            f"no ESP packet from the CPE, nor an answer to {probe['data']['pings']} pings to "
            f"{history.tunnel.peer_bgp}; a liveness check in IKE was answered meanwhile"
        ),
        expected=f"ESP {how}, as it came before",
        because=(silent, alive, probe) if alive["id"] < probe["id"] else (silent, probe, alive),
        fix=Fix(
            cpe=(
                f"let ESP pass in both directions ({how}), on every firewall between the CPE and "
                f"{history.tunnel.advertised_endpoint}; see on the CPE whether the packet counters of its "
                "CHILD SA still grow, out and in"
            ),
            device_link="nothing: its address, key and policy fit",
        ),
    )


def _silence_before(history: History, probe: Record) -> Record | None:
    """The end of the BGP session that the probe followed."""
    ended = [
        r
        for r in history.all("notification_sent")
        if r["id"] < probe["id"] and r["data"]["code"] == _HOLD_TIMER_EXPIRED
    ]
    return ended[-1] if ended else None


def _ike_since(history: History, silent: Record) -> Record | None:
    """The newest answer of the CPE in IKE since then."""
    checked = history.all("liveness_checked", after=silent["id"])
    return checked[-1] if checked else None


RULE = Rule(
    code="GSA-NAT-016",
    title="ESP is dropped, while IKE passes",
    step=Step.BGP,
    certainty=Certainty.LIKELY,
    service="would show bgpDisconnected while the tunnel stays connected",
    find=_find,
    page=Page(
        symptom=(
            "The tunnel is up on both ends, and liveness checks are answered; nothing goes through it "
            "any more."
        ),
        cause=(
            "Something on the way lets IKE pass and drops ESP: a firewall without a rule for IP protocol 50, "
            "an inspection that takes ESP in UDP for something else, a provider that limits it. IKE and ESP "
            "in UDP share port 4500; they differ by four zero octets, the non-ESP marker (RFC 3948 section "
            "2.2), so a device that looks inside can drop one of them."
        ),
        proof=(
            "ESP came from the CPE before. BGP then ended by its hold timer; the gateway asked the CPE's BGP "
            "address with pings through the tunnel and no ESP packet came, while IKE was answered. A CPE "
            "that drops BGP and ping alike looks the same: likely. When ESP never passed at all, the tunnel "
            "looks like that of a CPE that sends nothing: GSA-NAT-019 without UDP, GSA-BGP-001 in UDP."
        ),
        fix=(
            "Capture on the CPE's WAN side: ESP leaves, and none comes back. Permit UDP 4500 without "
            "inspection, and IP protocol 50 where there is no NAT, in both directions. Where a provider "
            "drops protocol 50, have the CPE wrap ESP in UDP. strongSwan: encap = yes. FortiGate: set "
            "nattraversal forced."
        ),
        service="bgpDisconnected in the remote network health log, tunnelConnected all the while.",
    ),
)
