"""GSA-BGP-017: the gateway advertises more prefixes than the CPE takes, and the CPE ends the session."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.bgp_endings import ended_by, stands

_MAXIMUM_PREFIXES = (6, 1)
_IPV4_UNICAST = bytes((0, 1, 1))
_WITH_LIMIT = 7


def _find(history: History) -> Evidence | None:
    last = ended_by(history, "notification_received")
    if last is None or (last["data"]["code"], last["data"]["subcode"]) != _MAXIMUM_PREFIXES:
        return None
    if not stands(history, last):
        return None
    told = [r for r in history.all("routes_advertised") if r["id"] < last["id"]]
    count = told[-1]["data"]["count"] if told else None
    limit, neighbor = _limit(last), history.tunnel.local_bgp
    sent = f"; {count} were sent to it" if count else ""
    return Evidence(
        where=f"BGP NOTIFICATION inside the tunnel (record {last['id']})",
        saw=f"the CPE ended the session: {last['data']['text']}{_own_words(limit)}{sent}",
        expected=f"a CPE that takes {f'{count} prefixes' if count else 'all prefixes'}: those of the traffic "
        "profiles of the remote network",
        because=(*told[-1:], last),
        fix=Fix(
            cpe=f"raise the prefix limit of neighbour {neighbor}"
            + (f" above {count}" if count else "")
            + ", or remove it, and clear the session: many CPEs keep it down until then",
            device_link="nothing: fewer traffic profiles on the remote network mean fewer prefixes",
        ),
    )


def _limit(notification: Record) -> int | None:
    """The limit that RFC 4486 section 4 lets a speaker add: address family, and four octets."""
    data = bytes.fromhex(notification["data"]["data"])
    if len(data) != _WITH_LIMIT or not data.startswith(_IPV4_UNICAST):
        return None
    return int.from_bytes(data[len(_IPV4_UNICAST) :])


def _own_words(limit: int | None) -> str:
    return "" if limit is None else f", and names its limit, {limit}"


RULE = Rule(
    code="GSA-BGP-017",
    title="The CPE's prefix limit is reached",
    step=Step.TRAFFIC,
    certainty=Certainty.PROVEN,
    service="would show bgpDisconnected while the tunnel stays connected",
    find=_find,
    page=Page(
        symptom=(
            "BGP comes up and ends within a second, once for good or again and again; the CPE logs that the "
            "number of prefixes of its neighbour exceeds a maximum."
        ),
        cause=(
            "A limit of received prefixes is configured for the neighbour, often from a template for small "
            "customers. The Microsoft traffic profile brings some tens of prefixes, Internet Access some "
            "hundreds, and both grow without notice."
        ),
        proof=(
            "A NOTIFICATION of the CPE: Cease, Maximum Number of Prefixes Reached (RFC 4486). It may name "
            "the limit."
        ),
        fix=(
            "Raise or remove the limit on the CPE (FRR, IOS XE: neighbor ... maximum-prefix; BIRD: import "
            "limit; FortiGate: maximum-prefix), and clear the session there: most implementations leave it "
            "down until someone does."
        ),
        service="bgpDisconnected in the remote network health log; the reason is not shown.",
    ),
)
