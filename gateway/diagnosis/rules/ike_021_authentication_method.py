"""GSA-IKE-021: the CPE wants to authenticate by EAP or by a certificate."""

from gateway.diagnosis.finding import Certainty, Fix
from gateway.diagnosis.history import History
from gateway.diagnosis.rule import Evidence, Page, Rule, Step
from gateway.diagnosis.rules.authentication import failed, other_method, payloads, with_the_right_key
from gateway.diagnosis.rules.common import where


def _find(history: History) -> Evidence | None:
    result = failed(history)
    if result is None:
        return None
    sent, method = payloads(history, result), other_method(result)
    if method:
        saw = f"authentication method {method}: a certificate or a raw key"
    elif sent and "AUTH" not in sent:
        saw = "no AUTH payload: the CPE asks for EAP (RFC 7296 section 2.16)"
    else:
        return None
    return Evidence(
        title="Certificate instead of a pre-shared key" if method else "EAP instead of a pre-shared key",
        where=where(result, "IKE_AUTH request"),
        saw=f"{saw}; payloads {' '.join(sent)}",
        expected="an AUTH payload with authentication method SHARED_KEY_MIC",
        because=(result,),
        fix=Fix(
            cpe="set the authentication of both ends to a pre-shared key",
            device_link="nothing: a device link has only pre-shared keys",
            strongswan="local { auth = psk }\nremote { auth = psk }",
        ),
        what_if=with_the_right_key(history, result, "a certificate" if method else "EAP"),
    )


RULE = Rule(
    code="GSA-IKE-021",
    title="EAP or a certificate instead of a pre-shared key",
    step=Step.IKE_AUTH,
    certainty=Certainty.PROVEN,
    service="would answer AUTHENTICATION_FAILED and give no reason",
    find=_find,
    page=Page(
        symptom="IKE_SA_INIT succeeds, then the CPE logs AUTHENTICATION_FAILED or a missing EAP server.",
        cause=(
            "The tunnel is configured for certificates or for EAP, as for remote access. The service "
            "knows only pre-shared keys."
        ),
        proof=(
            "The authentication method in the AUTH payload of the IKE_AUTH request is not the shared "
            "key, or there is no AUTH payload, which is how a CPE asks for EAP."
        ),
        fix=(
            "Set pre-shared key authentication for both directions on the CPE, and enter the device "
            "link's key."
        ),
        service=(
            "AUTHENTICATION_FAILED on the wire is assumed; the health log has at most a disconnected tunnel."
        ),
    ),
)
