"""GSA-TRF-001: traffic that only a profile covers which is not associated with the remote network."""

from gateway.diagnosis.finding import Certainty, Fix, Severity
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import plural
from gateway.diagnosis.rules.traffic import PROFILE_NAMES, drops, flow, recent


def _find(history: History) -> Evidence | None:
    profiles = history.tunnel.profiles
    missing = [
        record
        for record in drops(history, "outside_profiles")
        if record["data"]["profile"] is not None and record["data"]["profile"] not in profiles
    ]
    last = recent(history, missing)
    if last is None:
        return None
    name = PROFILE_NAMES[last["data"]["profile"]]
    have = " and ".join(PROFILE_NAMES[profile] for profile in profiles) or "no profile"
    return Evidence(
        where=f"traffic inside the tunnel (record {last['id']})",
        saw=f"{flow(last)}, {plural(last['data']['packets'], 'packet')} dropped: only the {name} covers the "
        f"destination, and the remote network has the {have}",
        expected=f"the {name} associated with the remote network, or no such traffic in the tunnel",
        because=(last,),
        fix=Fix(
            cpe="if the traffic is not meant for the tunnel: route it another way",
            device_link=f"nothing; associate the {name} with the remote network",
        ),
    )


RULE = Rule(
    code="GSA-TRF-001",
    title="Traffic of a profile that is not associated",
    step=Step.TRAFFIC,
    certainty=Certainty.PROVEN,
    severity=Severity.WARNING,
    service="drops the packets without an answer and shows nothing",
    find=_find,
    page=Page(
        symptom=(
            "Tunnel, BGP and routes are fine, part of the destinations answer, and others time out: all of "
            "Microsoft 365, or everything but Microsoft 365."
        ),
        cause=(
            "Only one traffic forwarding profile is associated with the remote network. With the Microsoft "
            "profile alone nothing else is carried. With Internet Access alone the whole internet is "
            "advertised, Microsoft's ranges included, so that traffic comes as well, and is dropped."
        ),
        proof=(
            "Packets came out of the tunnel for a destination that no associated profile covers, and that "
            "the other profile would."
        ),
        fix=(
            "Associate the other profile with the remote network (in the lab file: forwardingProfiles), or "
            "do not route its destinations into the tunnel."
        ),
        service="Nothing: traffic without a matching profile is dropped.",
    ),
)
