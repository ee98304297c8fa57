"""What a CPE does while its tunnel is idle: what the forecasts about keepalives and liveness read."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.history import History, host
from gateway.diagnosis.rules.source_ports import IKE, NATT, arrivals

LONG_SECONDS = 30.0
"""NATs forget UDP mappings after that, the quick ones; and CPEs check for life after that, usual ones."""
_HOLD_TIMER_EXPIRED = 4
"""NOTIFICATION code (RFC 4271 section 4.5)."""


def asked_after_silence(history: History) -> Record | None:
    """The answer to our last liveness check of the newest IKE SA, when we ask only after a long silence.

    We ask when neither an IKE message nor an ESP packet of the CPE came for the lab's ``livenessSeconds``. We
    ask, too, when we have ended BGP for its hold timer, or miss the first ESP packet: that does not count.
    """
    waited, made = history.tunnel.liveness_seconds, history.last("ike_sa_established", "ike_sa_rekeyed")
    if waited is None or waited < LONG_SECONDS or made is None or not history.ike_live:
        return None
    # After a move another silence than the CPE's may be why we asked.
    if history.all("path_changed", after=made["id"]):
        return None
    ended = [r["time"] for r in history.all("notification_sent") if r["data"]["code"] == _HOLD_TIMER_EXPIRED]
    ended += [r["time"] for r in history.all("no_esp_seen")]
    ours = [
        r
        for r in history.all("liveness_checked", after=made["id"])
        if not r["data"]["by_peer"] and not any(0 <= r["time"] - end < waited for end in ended)
    ]
    return ours[-1] if ours else None


def checks_liveness(history: History) -> bool:
    """Whether the CPE has ever asked for a sign of life."""
    return any(r["data"]["by_peer"] for r in history.all("liveness_checked"))


def kept_mapping(history: History, asked: Record) -> bool:
    """Whether a NAT keepalive came in the silence before we asked."""
    waited = history.tunnel.liveness_seconds or 0.0
    kept = history.all("nat_keepalive_received")
    return any(asked["time"] - waited <= r["time"] <= asked["time"] for r in kept)


def proof_of_nat(history: History) -> str:
    """How it shows that the CPE is behind a NAT, and does not only force encapsulation; empty: not at all."""
    seen = arrivals(history)
    if seen is None or host(seen.auth["data"]["remote"]) != history.tunnel.peer:
        return ""
    if seen.ports != (IKE, NATT):
        return "source ports {} and {}".format(*seen.ports)
    inside = history.autopsies.inside(seen.init)
    return f"it believes it is {inside}" if inside and inside.address != history.tunnel.peer else ""
