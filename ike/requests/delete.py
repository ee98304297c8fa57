"""Delete an SA (RFC 7296 section 1.4.1)."""

from collections.abc import Sequence
from typing import ClassVar

from ike.child_sa import ESP_SPI_LENGTH
from ike.codec import DeletePayload, Payload
from ike.constants import ExchangeType, ProtocolId
from ike.context import Context
from ike.ike_sa import IkeSa
from ike.request import Request
from ike.state import Input


class DeleteIke(Request):
    """Delete the IKE SA; ``reason`` says why, for the event of its end."""

    exchange: ClassVar[ExchangeType] = ExchangeType.INFORMATIONAL

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def payloads(self, sa: IkeSa, ctx: Context) -> Sequence[Payload]:  # noqa: ARG002 - the interface
        """A Delete payload for the IKE SA."""
        return [DeletePayload(ProtocolId.IKE, 0)]

    def answered(self, sa: IkeSa, payloads: Sequence[Payload], ctx: Context) -> None:  # noqa: ARG002
        """The SA is gone, whatever the answer says."""
        ctx.close(sa, Input.DELETE_ANSWERED, self.reason)


class DeleteChild(Request):
    """Delete a CHILD SA.

    Args:
        spi_in: Our inbound SPI.
        reason: Why, for the event of its end.
        closed: Whether it is closed at our end already, or was never installed; it is deleted all the same.
    """

    exchange: ClassVar[ExchangeType] = ExchangeType.INFORMATIONAL
    moves_with_children: ClassVar[bool] = True

    def __init__(self, spi_in: int, reason: str, *, closed: bool = False) -> None:
        self.spi_in = spi_in
        self.reason = reason
        self.closed = closed

    def payloads(self, sa: IkeSa, ctx: Context) -> Sequence[Payload] | None:  # noqa: ARG002 - the interface
        """A Delete payload; nothing when the peer was faster."""
        if not self.closed and self.spi_in not in sa.children:
            return None
        return [DeletePayload(ProtocolId.ESP, ESP_SPI_LENGTH, (self.spi_in.to_bytes(ESP_SPI_LENGTH, "big"),))]

    def answered(self, sa: IkeSa, payloads: Sequence[Payload], ctx: Context) -> None:  # noqa: ARG002
        """Close it; a peer that deletes it at the same time answers without a Delete payload."""
        if self.spi_in in sa.children:
            ctx.close_child(sa, self.spi_in, self.reason)


def is_asked_to_delete(sa: IkeSa, spi_in: int) -> bool:
    """Whether our request to delete a CHILD SA is under way, not just waiting."""
    request = sa.outstanding.request if sa.outstanding else None
    return isinstance(request, DeleteChild) and request.spi_in == spi_in
