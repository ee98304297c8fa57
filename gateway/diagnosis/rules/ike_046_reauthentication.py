"""GSA-IKE-046: the CPE closes its tunnel to authenticate again, and opens it anew."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.finding import Certainty, Fix, Severity
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import seconds, where

DELETED = "the peer deleted the IKE SA"
"""The reason of such an ``ike_sa_closed``."""
BACK_SECONDS = 10.0
"""A CPE that comes back sooner has not been restarted."""
_AGAIN = 2
_ALIKE = 0.75
"""How much of the longer life the shorter one has to be, for both to come from one setting."""


def _find(history: History) -> Evidence | None:
    gaps = [gap for closed in history.all("ike_sa_closed") if (gap := _gap(history, closed))][-_AGAIN:]
    if len(gaps) < _AGAIN or min(lives := [life for *_, life in gaps]) < _ALIKE * max(lives):
        return None
    (closed, back, life) = gaps[-1]
    milliseconds = round((back["time"] - closed["time"]) * 1000)
    return Evidence(
        where=where(closed, "INFORMATIONAL request"),
        saw=(
            f"the CPE deleted its IKE SA after {seconds(life)} and made a new one, twice in a row; no tunnel "
            f"for {milliseconds} ms the last time"
        ),
        expected="a rekeyed IKE SA, which keeps the tunnel, or a new one before the old one goes",
        because=tuple(record for gap in gaps for record in gap[:2]),
        fix=Fix(
            cpe="rekey the IKE SA instead of authenticating again, or make before it breaks",
            device_link="nothing",
            strongswan="reauth_time = 0s\nrekey_time = 14400s",
        ),
    )


def _gap(history: History, closed: Record) -> tuple[Record, Record, float] | None:
    """The end of a tunnel, the next one, and how long the IKE SA had lived; None when it is no such gap."""
    if (
        closed["data"]["reason"] != DELETED
        or not closed["data"]["was_established"]
        or closed["data"]["rekeyed"]
    ):
        return None
    begun = [r for r in history.all("ike_sa_established") if r["ike_spi"] == closed["ike_spi"]]
    had = [r for r in history.all("child_sa_established") if r["ike_spi"] == closed["ike_spi"]]
    later = history.all("child_sa_established", after=closed["id"])
    if not begun or not had or not later or later[0]["time"] - closed["time"] > BACK_SECONDS:
        return None
    if had[0]["data"]["suite"] != later[0]["data"]["suite"]:
        return None  # somebody has configured the CPE anew
    # Made before the break: the new IKE SA was there already.
    if any(begun[0]["id"] < r["id"] < closed["id"] for r in history.all("ike_sa_established")):
        return None
    return closed, later[0], closed["time"] - begun[0]["time"]


RULE = Rule(
    code="GSA-IKE-046",
    title="Re-authentication takes the tunnel down for a moment",
    step=Step.CHILD_SA,
    certainty=Certainty.LIKELY,
    severity=Severity.WARNING,
    service="would log the tunnel as disconnected and connected again, at regular intervals",
    find=_find,
    page=Page(
        symptom="At regular intervals the tunnel is gone for a moment; BGP starts again and sessions stall.",
        cause=(
            "The CPE authenticates again when the lifetime of its IKE SA ends, as IKEv1 did: it deletes "
            "the IKE SA with all CHILD SAs, then begins with IKE_SA_INIT (break before make). IKEv2 can "
            "rekey the IKE SA in its place, and keeps the tunnel."
        ),
        proof=(
            "Twice in a row the CPE deleted an IKE SA that had a tunnel, after nearly the same time, and "
            "came back at once. That it is re-authentication, and not somebody at the CPE's console, is "
            "likely."
        ),
        fix=(
            "Switch re-authentication off. strongSwan: reauth_time = 0 (the default of swanctl.conf), or "
            "charon.make_before_break = yes. FortiGate: set reauth disable in phase1-interface."
        ),
        service="A pair of tunnelDisconnected and tunnelConnected in the health log each time.",
    ),
)
