"""What a peer asks for when it asks for a CHILD SA, told in full: enough to go through the exchange again."""

from collections.abc import Sequence
from dataclasses import dataclass

from ike.codec import (
    IDiPayload,
    KePayload,
    NotifyPayload,
    Payload,
    SaPayload,
    TSiPayload,
    TSrPayload,
    build_payloads,
)
from ike.constants import NotifyType
from ike.context import Context
from ike.events import Event
from ike.exchanges.request import notifies, required
from ike.ike_sa import IkeSa

LONGEST_TOLD = 4096
"""Octets of a request that is told; an honest one has a tenth of that."""


@dataclass(frozen=True, kw_only=True)
class ChildSaRequested(Event):
    """The peer asks for a CHILD SA; in IKE_AUTH this comes before the check of its AUTH payload.

    Args:
        exchange: Name of the exchange type.
        payloads: What the answer depends on, as octets: a chain of payloads whose first is the SA payload,
            without AUTH, which would let keys be guessed. Empty when it is longer than anyone needs.
    """

    exchange: str
    payloads: bytes


def report(sa: IkeSa, exchange: str, payloads: Sequence[Payload], ctx: Context) -> None:
    """Report a request.

    Raises:
        InvalidSyntax: There is not one SA payload.
    """
    kept = [p for p in payloads if isinstance(p, IDiPayload | KePayload | TSiPayload | TSrPayload)]
    wishes = [NotifyPayload(p.notify_type) for p in notifies(payloads, NotifyType.USE_TRANSPORT_MODE)[:1]]
    _, octets = build_payloads([required(payloads, SaPayload), *kept, *wishes])
    told = octets if len(octets) <= LONGEST_TOLD else b""
    ctx.emit(ChildSaRequested(**sa.where(), exchange=exchange, payloads=told))
