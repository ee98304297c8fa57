"""How the CPE tried to authenticate itself."""

from gateway.diagnosis.facts import Record
from gateway.diagnosis.history import History
from gateway.diagnosis.what_if import what_if


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


def keys_differ(history: History) -> Record | None:
    """The last ``auth_result``, when a pre-shared key was used and is not the tunnel's."""
    result = failed(history)
    if result is None or identity_refused(result) or other_method(result):
        return None
    return result if "AUTH" in payloads(history, result) else None


def identity_refused(result: Record) -> bool:
    """Whether an ``auth_result`` says that the key is right and the identity is not."""
    return bool(result["data"].get("identity_refused"))


def with_the_right_key(history: History, result: Record, instead_of: str) -> str:
    """What the request would have come to with the device link's key; empty when that is not known.

    Args:
        history: Of the tunnel.
        result: The ``auth_result`` that refuses the CPE's.
        instead_of: What the CPE used, in words.
    """
    key = f'the pre-shared key of device link "{history.tunnel.link}"'
    return what_if(history, result, key=f"{key} instead of {instead_of}")


def tried(history: History) -> Record | None:
    """The last failure on which other keys were tried, since the CPE was last authenticated."""
    results = history.all("auth_result")
    since = max((r["id"] for r in results if r["data"]["ok"]), default=0)
    found = [r for r in results if r["id"] > since and r["data"].get("hint") is not None]
    return found[-1] if found else None


def explained(history: History) -> Record | None:
    """The ``auth_result`` that names the key that the CPE used instead, when it is known."""
    if keys_differ(history) is None:
        return None
    result = tried(history)
    return result if result is not None and result["data"]["hint"] else None


def who(history: History, result: Record) -> str:
    """`` of IDENTITY`` of an ``auth_result``, empty when it is not known."""
    offered = [r for r in history.all("identity_offered") if r["id"] < result["id"]]
    return f" of {offered[-1]['data']['offered']}" if offered else ""


def proof(history: History, result: Record) -> tuple[Record, ...]:
    """The records behind an ``auth_result``."""
    offered = [r for r in history.all("identity_offered") if r["id"] < result["id"]]
    return (*offered[-1:], result)
