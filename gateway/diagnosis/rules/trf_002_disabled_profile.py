"""GSA-TRF-002: a traffic profile is associated with the remote network, and disabled."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.common import plural
from gateway.diagnosis.rules.traffic import PROFILE_NAMES, drops, flow, recent


def _find(history: History) -> Evidence | None:
    return _dropped(history) or _nothing_advertised(history)


def _dropped(history: History) -> Evidence | None:
    profiles = history.tunnel.profiles
    disabled = [
        record
        for record in drops(history, "outside_profiles")
        if profiles.get(record["data"]["profile"]) is False
    ]
    last = recent(history, disabled)
    if last is None:
        return None
    name = PROFILE_NAMES[last["data"]["profile"]]
    return Evidence(
        where=f"traffic inside the tunnel (record {last['id']})",
        saw=f"{flow(last)}, {plural(last['data']['packets'], 'packet')} dropped: the {name} covers the "
        "destination and is disabled",
        expected=f"the {name} enabled",
        because=(last,),
        fix=_fix(name),
    )


def _nothing_advertised(history: History) -> Evidence | None:
    session, profiles = history.bgp, history.tunnel.profiles
    if session is None or not profiles or any(profiles.values()):
        return None
    names = " and ".join(PROFILE_NAMES[profile] for profile in profiles)
    return Evidence(
        where=f"BGP session (record {session['id']})",
        saw=f"nothing to advertise to the CPE: the {names} of the remote network is disabled",
        expected="at least one traffic profile that is associated and enabled",
        because=(session,),
        fix=_fix(names),
    )


def _fix(name: str) -> Fix:
    return Fix(
        cpe="nothing",
        device_link=f"nothing; enable the {name} (Global Secure Access, Connect, Traffic forwarding)",
    )


RULE = Rule(
    code="GSA-TRF-002",
    title="A traffic profile is disabled",
    step=Step.TRAFFIC,
    certainty=Certainty.PROVEN,
    service="would show tunnel and BGP as connected, and drop the traffic without a word",
    find=_find,
    page=Page(
        symptom=(
            "Tunnel and BGP are up; the CPE learns no prefix, or not those of one profile, and their "
            "destinations time out."
        ),
        cause=(
            "A traffic forwarding profile has a state of its own, for the whole tenant. It can be associated "
            "with a remote network and be disabled: then it advertises nothing and carries nothing."
        ),
        proof=(
            "The lab file has the profile with state disabled, and traffic that it would cover was dropped, "
            "or no profile is left to advertise anything."
        ),
        fix="Enable the profile; in the lab file, write state: enabled in forwardingProfiles.",
        service="bgpRoutesAdvertisedCount 0 in the remote network health log, when no other profile is left.",
    ),
)
