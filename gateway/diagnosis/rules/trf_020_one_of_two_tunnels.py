"""GSA-TRF-020: only one of the two tunnels of a zone-redundant device link is up."""

from gateway.diagnosis.finding import Certainty, Fix, Severity
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import device_link, seconds
from gateway.diagnosis.rules.waiting import waits

SILENCE_SECONDS = 20.0
"""A CPE that has both tunnels opens both at once, and repeats IKE_SA_INIT within four seconds."""


def _find(history: History) -> Evidence | None:
    if not waits(history):
        return None
    facts = history.tunnel
    for other in history.tunnels:
        if other == facts or (other.remote_network, other.link) != (facts.remote_network, facts.link):
            continue
        up = History(other, history.tunnels, history.stream, history.now).up_since
        if up is not None and history.age(up) >= SILENCE_SECONDS:
            return Evidence(
                where=f"both tunnels of {device_link(history)} (record {up['id']})",
                saw=f"{other.name} is up for {seconds(history.age(up))}, and nothing has come from the CPE "
                f"to {facts.advertised_endpoint}",
                expected=f"a second tunnel, from {facts.peer} to {facts.advertised_endpoint}, with BGP to "
                f"{facts.local_bgp}",
                because=(up,),
                fix=Fix(
                    cpe=f"configure the second tunnel: endpoint {facts.advertised_endpoint}, neighbour "
                    f"{facts.local_bgp}, and the link's zone redundancy pre-shared key",
                    device_link="nothing; or a link without redundancy, which has one tunnel",
                ),
            )
    return None


RULE = Rule(
    code="GSA-TRF-020",
    title="Only one of two zone-redundant tunnels is up",
    step=Step.TRAFFIC,
    certainty=Certainty.LIKELY,
    severity=Severity.WARNING,
    service="would show the second tunnel as disconnected; traffic stops when the zone of the first one does",
    find=_find,
    page=Page(
        symptom="Nothing, until one zone of the region is maintained or fails: then the branch is cut off.",
        cause=(
            "A zone-redundant device link has two endpoints, two BGP addresses and two pre-shared keys. On "
            "the CPE only the first tunnel was configured, or nothing of the second one gets out: a firewall "
            "that permits the first endpoint only, or a CPE that takes one tunnel to one peer."
        ),
        proof=(
            "One tunnel of the link is up, and no IKE message came to the endpoint of the other one for "
            f"{SILENCE_SECONDS:.0f} seconds. That is silence, so the finding is likely."
        ),
        fix=(
            "Configure both entries of View configuration, localConfigurations[0] and [1], with a tunnel and "
            "a BGP session each, and let the CPE use both (BIRD: merge paths; FRR: maximum-paths 2)."
        ),
        service="One of two tunnels without tunnelConnected in the remote network health log.",
    ),
)
