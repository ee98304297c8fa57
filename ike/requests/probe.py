"""Ask for a sign of life (RFC 7296 section 2.4), or whether the peer is at its new address (RFC 4555)."""

from collections.abc import Sequence
from typing import ClassVar

from ike import succession
from ike.codec import NotifyPayload, Payload
from ike.constants import ExchangeType, NotifyType
from ike.context import Context
from ike.events import LivenessChecked, RoutabilityChecked
from ike.exchanges.request import notifies
from ike.ike_sa import IkeSa
from ike.request import Request
from ike.state import State

COOKIE2_LENGTH = 16
"""Octets of our COOKIE2 data: 8 to 64 (RFC 4555 section 4.2.5)."""

_NOT_RETURNED = "the peer did not return our COOKIE2 from its new address"


class Probe(Request):
    """An empty INFORMATIONAL request."""

    exchange: ClassVar[ExchangeType] = ExchangeType.INFORMATIONAL

    def payloads(self, sa: IkeSa, ctx: Context) -> Sequence[Payload]:  # noqa: ARG002 - the interface
        """None: the request is empty."""
        return []

    def answered(self, sa: IkeSa, payloads: Sequence[Payload], ctx: Context) -> None:  # noqa: ARG002
        """The peer is alive."""
        ctx.emit(LivenessChecked(**sa.where(), by_peer=False))


class RoutabilityCheck(Request):
    """A return routability check of the path that the peer has moved to (RFC 4555 section 3.7)."""

    exchange: ClassVar[ExchangeType] = ExchangeType.INFORMATIONAL

    def __init__(self) -> None:
        self._cookie = b""
        self._address = ""

    def payloads(self, sa: IkeSa, ctx: Context) -> Sequence[Payload]:
        """COOKIE2 with data that cannot be guessed."""
        self._cookie, self._address = ctx.random(COOKIE2_LENGTH), sa.path.remote_ip
        return [NotifyPayload(NotifyType.COOKIE2, self._cookie)]

    def answered(self, sa: IkeSa, payloads: Sequence[Payload], ctx: Context) -> None:
        """The peer must return our data unchanged; otherwise the IKE SA ends.

        The answer says nothing when the peer has moved again meanwhile: our request may have gone to either
        address, and the next check waits already.
        """
        returned = [notify.data for notify in notifies(payloads, NotifyType.COOKIE2)]
        ok = returned == [self._cookie]
        if ok and sa.path.remote_ip != self._address:
            return
        ctx.emit(RoutabilityChecked(**sa.where(), ok=ok))
        if not ok and sa.state is not State.DELETING:
            succession.delete(sa, _NOT_RETURNED, ctx)
