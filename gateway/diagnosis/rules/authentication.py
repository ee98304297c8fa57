"""How the CPE tried to authenticate itself."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.history import History


def failed(history: History) -> Record | None:
    """The last ``auth_result``, when it is a failure."""
    result = history.last("auth_result")
    return result if result is not None and not result["data"]["ok"] else None


def payloads(history: History, result: Record) -> list[str]:
    """The payloads of the IKE_AUTH request that an ``auth_result`` is about."""
    requests = [
        r
        for r in history.all("message_received")
        if r["id"] < result["id"] and r.get("ike_spi") == result.get("ike_spi")
    ]
    return list(requests[-1]["data"]["payloads"]) if requests else []


def other_method(result: Record) -> str:
    """The authentication method that is not the pre-shared key: ``DIGITAL_SIGNATURE``; empty when it is."""
    before, found, method = result["data"]["detail"].partition(",")[0].partition("authentication method ")
    return method if found and not before else ""


def uses_pre_shared_key(history: History, result: Record) -> bool:
    """Whether the CPE sent an AUTH payload that claims to be made with a pre-shared key."""
    return "AUTH" in payloads(history, result) and not other_method(result)
