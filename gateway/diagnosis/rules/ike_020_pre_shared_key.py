"""GSA-IKE-020: the AUTH payload does not verify with the device link's pre-shared key."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.authentication import (
    explained,
    keys_differ,
    proof,
    tried,
    who,
    with_the_right_key,
)
from gateway.diagnosis.rules.common import device_link, where


def _find(history: History) -> Evidence | None:
    result = keys_differ(history)
    if result is None or explained(history):
        return None
    last = tried(history)
    compared = "; no usual variant of it does, and no other link's key" if last else ""
    other = history.tunnel.name.rpartition("/")[2] != "0"
    return Evidence(
        where=where(result, "IKE_AUTH request"),
        saw=f"an AUTH payload{who(history, result)} that the pre-shared key of "
        f"{device_link(history)} does not verify{compared}",
        expected="an AUTH payload made with the same pre-shared key"
        + (": for the second tunnel that is the zone redundancy key, when the link has one" if other else ""),
        because=proof(history, result),
        fix=Fix(
            cpe=(
                "enter the device link's pre-shared key again, without a trailing space or line break, "
                "without quotes, and not in base64 or hexadecimal"
            ),
            device_link="its key cannot be changed: delete the link and create it again with the CPE's key",
        ),
        what_if=with_the_right_key(history, result, "the CPE's"),
    )


RULE = Rule(
    code="GSA-IKE-020",
    title="Pre-shared keys differ",
    step=Step.IKE_AUTH,
    certainty=Certainty.PROVEN,
    service="would answer AUTHENTICATION_FAILED and give no reason",
    find=_find,
    page=Page(
        symptom="IKE_SA_INIT succeeds, then the CPE logs AUTHENTICATION_FAILED and starts again.",
        cause=(
            "The key on the CPE is not the key of the device link: a typing error, a trailing space or "
            "line break, quotes that became part of the key, a key that the CPE decodes as base64 or "
            "hexadecimal, the key of another link, or the zone redundancy key and the first key swapped. "
            "The gateway tries the usual accidents and the keys of its other links on the CPE's AUTH "
            "payload: what it recognises has the codes GSA-IKE-022 and GSA-IKE-023, so here it is another "
            "key."
        ),
        proof=(
            "The IKE_AUTH request decrypted, so both ends agree on algorithms and on the Diffie-Hellman "
            "secret; its AUTH payload, recomputed with the link's key over the same octets, differs (RFC "
            "7296 section 2.15)."
        ),
        fix=(
            "Enter the key again on the CPE. The key of a device link cannot be edited: for another key, "
            "create the link again."
        ),
        service=(
            "AUTHENTICATION_FAILED on the wire is assumed; the health log has at most a disconnected tunnel."
        ),
    ),
)
