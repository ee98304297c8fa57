"""GSA-IKE-035: the CPE rekeys more often than the service's shortest lifetime."""

from gateway.diagnosis.finding import Certainty, Fix, Severity
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import seconds, where

SHORTEST = 300.0
"""Seconds: the smallest lifetime that a custom policy can have."""
_TOO_OFTEN = 2
"""One early rekey may be an administrator's, or the last packet of a sequence number space."""


def _find(history: History) -> Evidence | None:
    made = {record["data"]["spi_in"]: record for record in history.all("child_sa_established")}
    early = []
    for record in made.values():
        data = record["data"]
        old = None if data["replaces"] is None else made.get(f"{data['replaces']:08x}")
        if old is None or data["initiated_by_us"]:
            continue
        age = record["time"] - old["time"]
        if age < SHORTEST:
            early.append((record, age))
        else:
            early.clear()
    if len(early) < _TOO_OFTEN:
        return None
    ages = sorted(age for _, age in early)
    return Evidence(
        where=where(early[-1][0], "CREATE_CHILD_SA request"),
        saw=(
            f"{len(early)} rekeys in a row by the CPE, of CHILD SAs {seconds(ages[0])} to "
            f"{seconds(ages[-1])} old"
        ),
        expected=f"CHILD SAs that live {seconds(SHORTEST)} at least, as the shortest custom policy",
        because=tuple(record for record, _ in early[-_TOO_OFTEN:]),
        fix=Fix(
            cpe="set the phase 2 lifetime to 3600 s, and no lifetime in octets or packets",
            device_link="nothing: each end keeps its own lifetime (RFC 7296 section 2.8)",
            strongswan="rekey_time = 3600s",
        ),
    )


RULE = Rule(
    code="GSA-IKE-035",
    title="The CPE's phase 2 lifetime is under the limit",
    step=Step.CHILD_SA,
    certainty=Certainty.PROVEN,
    severity=Severity.WARNING,
    service="is documented to have lifetimes of 300 s at least; what it does about shorter ones is not known",
    find=_find,
    page=Page(
        symptom="The tunnel works, and rekeys every few minutes or seconds; each rekey is a chance to fail.",
        cause=(
            "The phase 2 lifetime on the CPE is shorter than 300 seconds, or its lifetime in octets is so "
            "small that traffic uses it up. IKEv2 does not negotiate lifetimes: whoever has the shorter "
            "one rekeys."
        ),
        proof=(
            "The CPE rekeyed two CHILD SAs in a row that were younger than 300 seconds. One early rekey is "
            "no finding, nor are rekeys that the gateway began."
        ),
        fix=(
            "Set the phase 2 lifetime on the CPE to an hour, or at least to 300 seconds. FortiGate: set "
            "keylifeseconds in phase2-interface. IOS XE: set security-association lifetime seconds. Palo "
            "Alto: lifetime in the IPsec crypto profile. Remove lifetimes in kilobytes."
        ),
        service="Not documented. A custom policy takes no saLifeTimeSeconds under 300.",
    ),
)
