"""GSA-IKE-022: the CPE's key is the device link's key, altered on its way."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.authentication import explained, proof, who, with_the_right_key
from gateway.diagnosis.rules.common import device_link, where


def _find(history: History) -> Evidence | None:
    result = explained(history)
    if result is None or result["data"]["key_of"]:
        return None
    hint = result["data"]["hint"]
    return Evidence(
        title=f"Pre-shared keys differ: the CPE's is the link's {hint}",
        where=where(result, "IKE_AUTH request"),
        saw=(
            f"an AUTH payload{who(history, result)} that verifies with the pre-shared key of "
            f"{device_link(history)} {hint}, and not with the key itself"
        ),
        expected="an AUTH payload made with the key as it stands on the device link, octet by octet",
        because=proof(history, result),
        fix=Fix(
            cpe=f"enter the key exactly as it stands on the device link; what is entered is that key {hint}",
            device_link="nothing, unless the CPE's key is the one that is meant: then create the link again",
            strongswan='secret = "..."   # text in quotes; 0s: decode base64, 0x: decode hexadecimal',
        ),
        what_if=with_the_right_key(history, result, f"that key {hint}"),
    )


RULE = Rule(
    code="GSA-IKE-022",
    title="Pre-shared keys differ: altered on the way into the CPE",
    step=Step.IKE_AUTH,
    certainty=Certainty.PROVEN,
    service="would answer AUTHENTICATION_FAILED and give no reason",
    find=_find,
    page=Page(
        symptom=(
            "IKE_SA_INIT succeeds, then the CPE logs AUTHENTICATION_FAILED, although the key looks the "
            "same on both screens."
        ),
        cause=(
            "The key was changed between the device link and the CPE: a line break or a space copied "
            "along, quotes that became part of the key, letters in another case, a key that one side "
            "decodes as base64 or hexadecimal and the other takes as text, HTML or URL escapes, or a key "
            "that the device cut off at its longest length."
        ),
        proof=(
            "The gateway computed the AUTH payload with variants of the link's own key, over the same "
            "octets (RFC 7296 section 2.15), and one of them verifies. The finding names the variant and "
            "neither key. Nothing of this goes on the wire."
        ),
        fix=(
            "Enter the key again on the CPE, as text and without anything around it. strongSwan: secret in "
            "quotes, and no 0s or 0x before it; IOS XE: pre-shared-key without the digit 6, which means an "
            "encrypted key; FortiGate: set psksecret, in quotes when it has special characters."
        ),
        service=(
            "AUTHENTICATION_FAILED on the wire is assumed; the health log has at most a disconnected tunnel."
        ),
    ),
)
