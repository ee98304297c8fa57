"""GSA-IKE-023: the CPE uses the key of another tunnel."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.authentication import explained, proof, who
from gateway.diagnosis.rules.common import where
from gateway.diagnosis.what_if import what_if


def _find(history: History) -> Evidence | None:
    result = explained(history)
    if result is None or not result["data"]["key_of"]:
        return None
    owner = result["data"]["key_of"]
    same_link = owner.rpartition("/")[0] == history.tunnel.name.rpartition("/")[0]
    theirs, ours = _names(result, history, same_link=same_link)
    return Evidence(
        title=f"Pre-shared keys differ: the CPE uses {theirs}",
        where=where(result, "IKE_AUTH request"),
        saw=f"an AUTH payload{who(history, result)} that verifies with {theirs}",
        expected=f"an AUTH payload made with {ours}",
        because=proof(history, result),
        fix=Fix(
            cpe=f"enter {ours} for the tunnel to {history.tunnel.advertised_endpoint}",
            device_link=(
                "nothing; or leave its zone redundancy key out, so that both tunnels have the first key"
                if same_link
                else "nothing, if the CPE is the right one for it; otherwise check the device IP addresses"
            ),
        ),
        what_if=what_if(history, result, key=f"{ours} instead of {theirs}"),
    )


def _names(result: Record, history: History, *, same_link: bool) -> tuple[str, str]:
    """What to call the key that was used and the one that was expected."""
    if not same_link:
        return f"the key of {result['data']['key_of']}", f"the key of {history.tunnel.name}"
    names = "the pre-shared key of the first tunnel", "the zone redundancy key of the second tunnel"
    return names if history.tunnel.name.endswith("/1") else names[::-1]


RULE = Rule(
    code="GSA-IKE-023",
    title="Pre-shared keys differ: the key of another tunnel",
    step=Step.IKE_AUTH,
    certainty=Certainty.PROVEN,
    service="would answer AUTHENTICATION_FAILED and give no reason",
    find=_find,
    page=Page(
        symptom=(
            "IKE_SA_INIT succeeds, then the CPE logs AUTHENTICATION_FAILED; of a zone-redundant link often "
            "one tunnel is up and the other is not."
        ),
        cause=(
            "Keys were mixed up: two branches got each other's, or the two tunnels of a zone-redundant "
            "link have the same key on the CPE, or each the other's. The pre-shared key belongs to the "
            "first tunnel, the zone redundancy key to the second."
        ),
        proof=(
            "The AUTH payload was computed with the keys of the gateway's other tunnels, over the same "
            "octets (RFC 7296 section 2.15), and one of them verifies. The finding names the tunnel, not "
            "the key. Nothing of this goes on the wire."
        ),
        fix=(
            "Enter on the CPE, for each endpoint, the key that belongs to it: the View configuration says "
            "which endpoint is the zone-redundant one. Many CPEs keep one key for each peer address."
        ),
        service=(
            "AUTHENTICATION_FAILED on the wire is assumed; the health log has at most a disconnected tunnel."
        ),
    ),
)
