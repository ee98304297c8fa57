"""INFORMATIONAL: delete SAs, report conditions, check liveness (RFC 7296 section 1.4)."""

from collections.abc import Sequence

from ike.codec import DeletePayload, NotifyPayload, Payload
from ike.constants import NotifyType, ProtocolId, name_of
from ike.context import Context
from ike.events import LivenessChecked, NotifyReceived
from ike.ike_sa import IkeSa
from ike.state import Input

EXCHANGE = "INFORMATIONAL"
ESP_SPI_LENGTH = 4
_FATAL = frozenset({NotifyType.AUTHENTICATION_FAILED, NotifyType.INVALID_SYNTAX})


def respond(sa: IkeSa, payloads: Sequence[Payload], ctx: Context) -> list[Payload]:
    """Carry out the request; an empty one is a liveness check.

    A request that ends the IKE SA is answered with an empty response (section 1.4.1); the caller sends it
    before the SA's keys are gone.
    """
    if not payloads:
        ctx.emit(LivenessChecked(**sa.where(), by_peer=True))
    rejected = read_notifies(sa, payloads, ctx)
    deletes = [p for p in payloads if isinstance(p, DeletePayload)]
    if rejected is not None:
        ctx.close(sa, Input.REJECTED_BY_PEER, rejected)
        return []
    if any(p.protocol == ProtocolId.IKE for p in deletes):
        ctx.close(sa, Input.DELETE_RECEIVED, "the peer deleted the IKE SA")
        return []
    return _delete_children(sa, deletes, ctx)


def read_notifies(sa: IkeSa, payloads: Sequence[Payload], ctx: Context) -> str | None:
    """Report the notifications of a request or response.

    Returns:
        Why the IKE SA ends, when one of them says so: a peer that refuses our AUTH payload or could not parse
        a message has removed its end without a Delete payload (sections 2.21.2 and 2.21.3). Else None.
    """
    rejected: str | None = None
    for payload in payloads:
        if isinstance(payload, NotifyPayload):
            name = name_of(NotifyType, payload.notify_type)
            ctx.emit(NotifyReceived(**sa.where(), exchange=EXCHANGE, notify=name, is_error=payload.is_error))
            if payload.notify_type in _FATAL:
                rejected = f"the peer reports {name}"
    return rejected


def _delete_children(sa: IkeSa, deletes: Sequence[DeletePayload], ctx: Context) -> list[Payload]:
    """Close the CHILD SAs whose peer SPIs are named; the response names ours (section 1.4.1)."""
    named = {spi for p in deletes if p.protocol == ProtocolId.ESP for spi in p.spis}
    found = [c.spi_in for c in sa.children.values() if c.spi_out.to_bytes(ESP_SPI_LENGTH, "big") in named]
    for spi_in in found:
        ctx.close_child(sa, spi_in, "the peer deleted the CHILD SA")
    if not found:
        return []
    ours = tuple(spi_in.to_bytes(ESP_SPI_LENGTH, "big") for spi_in in found)
    return [DeletePayload(ProtocolId.ESP, ESP_SPI_LENGTH, ours)]
