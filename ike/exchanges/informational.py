"""INFORMATIONAL: delete SAs, report conditions, check liveness (RFC 7296 section 1.4)."""

from collections.abc import Sequence

from ike import mobility
from ike.child_sa import ESP_SPI_LENGTH
from ike.codec import CfgType, CpPayload, DeletePayload, NotifyPayload, Payload
from ike.collisions import Answer, Asked, answer_to
from ike.constants import NotifyType, ProtocolId, name_of
from ike.context import Context
from ike.events import LivenessChecked, NotifyReceived
from ike.exchanges import child as child_exchange
from ike.ike_sa import IkeSa
from ike.requests.rekey_ike import decide_for
from ike.state import Input, State

EXCHANGE = "INFORMATIONAL"
_FATAL = frozenset({NotifyType.AUTHENTICATION_FAILED, NotifyType.INVALID_SYNTAX})


def respond(sa: IkeSa, payloads: Sequence[Payload], ctx: Context) -> list[Payload]:
    """Carry out the request; an empty one is a liveness check.

    A request that ends the IKE SA is answered with an empty response (section 1.4.1); the caller sends it
    before the SA's keys are gone.
    """
    if not payloads:
        ctx.emit(LivenessChecked(**sa.where(), by_peer=True))
    rejected = read_notifies(sa, EXCHANGE, payloads, ctx)
    deletes = [p for p in payloads if isinstance(p, DeletePayload)]
    if rejected is not None:
        ctx.close(sa, Input.REJECTED_BY_PEER, rejected)
        return []
    if any(p.protocol == ProtocolId.IKE for p in deletes):
        ctx.close(sa, Input.DELETE_RECEIVED, "the peer deleted the IKE SA")
        return []
    if sa.state is State.UNDECIDED and deletes:
        decide_for(sa, ctx)
    return [
        *_delete_children(sa, deletes, ctx),
        *mobility.respond(sa, payloads, ctx),
        *_configuration(payloads),
    ]


def read_notifies(sa: IkeSa, exchange: str, payloads: Sequence[Payload], ctx: Context) -> str | None:
    """Report the notifications of an INFORMATIONAL request, or of any response.

    Returns:
        Why the IKE SA ends, when one of them says so: a peer that refuses our AUTH payload or could not parse
        a message has removed its end without a Delete payload (sections 2.21.2 and 2.21.3). Else None.
    """
    rejected: str | None = None
    for payload in payloads:
        if isinstance(payload, NotifyPayload):
            name = name_of(NotifyType, payload.notify_type)
            ctx.emit(NotifyReceived(**sa.where(), exchange=exchange, notify=name, is_error=payload.is_error))
            if payload.notify_type in _FATAL:
                rejected = f"the peer reports {name}"
    return rejected


def _delete_children(sa: IkeSa, deletes: Sequence[DeletePayload], ctx: Context) -> list[Payload]:
    """Close the CHILD SAs whose peer SPIs are named; the response names ours (section 1.4.1)."""
    named = [(p.protocol, spi) for p in deletes for spi in p.spis]
    found = [c for c in sa.children.values() if any(c.is_named(*name) for name in named)]
    ours = []
    for child in found:
        answer, _ = answer_to(Asked.DELETE_CHILD, sa, child)
        if answer is not Answer.WITHOUT_DELETE_PAYLOAD:
            ours.append(child.spi_in.to_bytes(ESP_SPI_LENGTH, "big"))
        ctx.close_child(sa, child.spi_in, "the peer deleted the CHILD SA")
    for child in found:
        child_exchange.restore(sa, child, ctx)
    return [DeletePayload(ProtocolId.ESP, ESP_SPI_LENGTH, tuple(ours))] if ours else []


def _configuration(payloads: Sequence[Payload]) -> list[Payload]:
    """An empty reply to a request for configuration, of which we have none to give (section 3.15)."""
    asked = any(isinstance(p, CpPayload) and p.cfg_type == CfgType.CFG_REQUEST for p in payloads)
    return [CpPayload(CfgType.CFG_REPLY)] if asked else []
