"""Findings about prefixes that a CPE should not announce."""

from ipaddress import IPv4Network

from gateway.diagnosis.facts import Record
from gateway.diagnosis.finding import Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence

_MOST = 3


def refused(history: History, reason: str) -> tuple[Record, list[str]] | None:
    """The last record of prefixes refused for a reason, and those of them that are still announced."""
    for record in reversed(history.all("routes_refused")):
        if record["data"]["reason"] != reason or history.bgp is None:
            continue
        still = [prefix for prefix in record["data"]["prefixes"] if prefix in history.learned]
        if still:
            return record, still
    return None


def evidence(record: Record, *, saw: str, expected: str, cpe: str) -> Evidence:
    """The evidence of prefixes that came in an UPDATE message and are the CPE's to keep."""
    return Evidence(
        where=f"BGP UPDATE inside the tunnel (record {record['id']})",
        saw=saw,
        expected=expected,
        because=(record,),
        fix=Fix(cpe=cpe, device_link="nothing: it has no filter"),
    )


def some(prefixes: list[str]) -> str:
    """The first prefixes in order, and how many more there are."""
    ordered = sorted(prefixes, key=IPv4Network)
    more = len(ordered) - _MOST
    return ", ".join(ordered[:_MOST]) + (f" and {more} more" if more > 0 else "")
