"""GSA-BGP-009: the CPE signs its TCP segments, and the gateway does not."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.bgp_attempts import NO_BGP, NO_BGP_LOG, syns_of_the_link

_OPTIONS = {
    "md5": "the TCP MD5 signature option (RFC 2385)",
    "ao": "the TCP authentication option (RFC 5925)",
}


def _find(history: History) -> Evidence | None:
    syns = syns_of_the_link(history)
    if not syns or history.bgp is not None or syns[-1]["data"]["authentication"] == "none":
        return None
    syn, facts = syns[-1], history.tunnel
    return Evidence(
        where=f"TCP SYN inside the tunnel (record {syn['id']})",
        saw=f"a SYN with {_OPTIONS[syn['data']['authentication']]}, which gets no answer",
        expected="a SYN without a signature: a device link has no password for BGP",
        because=(syn,),
        fix=Fix(
            cpe=f"remove the password of neighbour {facts.local_bgp}",
            device_link="nothing: it has no setting for a password",
        ),
    )


RULE = Rule(
    code="GSA-BGP-009",
    title="BGP with a TCP password",
    step=Step.BGP,
    certainty=Certainty.PROVEN,
    service=NO_BGP,
    find=_find,
    page=Page(
        symptom="The tunnel is up; the CPE's BGP session stays in Connect, its SYN is never answered.",
        cause=(
            "A password is configured for the session on the CPE (MD5, or TCP-AO), often from a template. "
            "The CPE then signs every segment. The gateway has no key: the kernel of the other end drops "
            "signed segments without an answer, and refuses unsigned ones in return."
        ),
        proof="The SYN that came out of the tunnel carries a signature option of TCP (kind 19 or 29).",
        fix=(
            "Remove the password of this neighbour (BIRD: password; FRR, IOS XE: no neighbor ... password; "
            "FortiGate: unset password; PAN-OS: Auth Profile None). The session is inside IPsec, which "
            "protects it."
        ),
        service=NO_BGP_LOG,
    ),
)
