"""GSA-BGP-018: a BGP session that worked was ended by a NOTIFICATION, and is not back."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.bgp_endings import QUIET_SECONDS, ended_by, stands

_HOLD_TIMER, _CEASE = 4, 6
_MAXIMUM_PREFIXES = (6, 1)
_FOR_GOOD = {(6, 2), (6, 3), (6, 5)}
"""Ways to cease that do not pass by themselves."""
_FIXES = {
    (6, 2): "enable neighbour {neighbor}: it was shut down by the CPE's administrator",
    (6, 3): "configure neighbour {neighbor} again: it was removed",
    (6, 4): "see why the session with {neighbor} does not come back after the reset that was asked for there",
    (6, 5): "let neighbour {neighbor} connect: the CPE rejects it",
    (6, 6): "finish the change of its configuration, and see whether it still has neighbour {neighbor}",
    (6, 8): "free memory or processor time: it ran out of them",
    (6, 9): "see why the session with {neighbor} does not come back after the hard reset of the CPE",
    (6, 10): "switch BFD off for neighbour {neighbor}, or, on OpenBGPD 7, raise its own max-prefix ... out",
}
_BY_CPE = "look in its log for the message of the gateway that it did not like"
_BY_GATEWAY = "look for what is wrong in the messages that it sends, by a capture of TCP 179 in the tunnel"


def _find(history: History) -> Evidence | None:
    last = ended_by(history, "notification_received", "notification_sent")
    if last is None or not _is_ours(last) or not stands(history, last):
        return None
    data, by_cpe = last["data"], last["name"] == "notification_received"
    kind, times = _kind(last), _times(history, last)
    if history.bgp is not None and (kind[0] == _CEASE or times == 1):
        return None  # whoever ended it has begun it again
    if kind not in _FOR_GOOD and times == 1 and history.age(last) < QUIET_SECONDS:
        return None
    neighbor = history.tunnel.local_bgp
    said = f": {data['detail']}" if data["detail"] else ""
    often = f" {times} times" if times > 1 else ""
    otherwise = _BY_CPE if by_cpe else _BY_GATEWAY
    return Evidence(
        title=f"BGP ended: {data['text'].rpartition(' / ')[2]}",
        where=f"BGP NOTIFICATION inside the tunnel (record {last['id']})",
        saw=f"{'the CPE' if by_cpe else 'the gateway'} ended the session{often} with {data['text']}{said}",
        expected="a session that lasts as long as the tunnel",
        because=(last,),
        fix=Fix(
            cpe=(_FIXES.get(kind, otherwise) if by_cpe else otherwise).format(neighbor=neighbor),
            device_link="nothing",
        ),
    )


def _times(history: History, last: Record) -> int:
    """How often the same was said since the tunnel is up."""
    up = history.up_since
    said = history.all(last["name"], after=up["id"] if up else 0)
    return sum(_kind(record) == _kind(last) for record in said)


def _kind(notification: Record) -> tuple[int, int]:
    return notification["data"]["code"], notification["data"]["subcode"]


def _is_ours(notification: Record) -> bool:
    """Whether no other code is about it: the hold timer and the prefix limits have codes of their own.

    What the gateway ends by a Cease it has its reasons for: a tunnel that is gone, a neighbour removed.
    """
    code: int = notification["data"]["code"]
    if code == _HOLD_TIMER or _kind(notification) == _MAXIMUM_PREFIXES:
        return False
    return notification["name"] == "notification_received" or code != _CEASE


RULE = Rule(
    code="GSA-BGP-018",
    title="BGP ended by a NOTIFICATION",
    step=Step.TRAFFIC,
    certainty=Certainty.PROVEN,
    service="would show bgpDisconnected while the tunnel stays connected",
    find=_find,
    page=Page(
        symptom="BGP was up and is down, or comes and goes, while the tunnel stays up; the routes are gone.",
        cause=(
            "The CPE has ended the session and said why: an administrator shut it down, the neighbour was "
            "removed, a change or a reset did not end well, or the CPE ran out of resources (Cease); or one "
            "end could not read an UPDATE message of the other. A hold timer that expired is GSA-BGP-012, a "
            "prefix limit of the CPE GSA-BGP-017, one of the gateway GSA-BGP-023."
        ),
        proof=(
            "The last NOTIFICATION message of this tunnel, with its code and subcode (RFC 4271 section 4.5, "
            "RFC 4486) and the text that an administrator may add (RFC 9003). One that passes by itself is "
            f"told when it comes again, or when no session has followed for {QUIET_SECONDS:.0f} seconds."
        ),
        fix=(
            "Do on the CPE what the NOTIFICATION names: enable the neighbour (FRR, IOS XE: no neighbor ... "
            "shutdown; BIRD: birdc enable NAME), configure it again, or clear the session."
        ),
        service="bgpDisconnected in the remote network health log; the reason is not shown.",
    ),
)
