"""Protected messages of one IKE SA: message IDs, the response cache, dispatch to the exchanges.

Source: RFC 7296 sections 2.1 to 2.3 and 2.21.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ike import due, fragmentation, mobility, succession, upkeep
from ike.codec import CodecError, Header, NotifyPayload, Payload
from ike.constants import ExchangeType, HeaderFlag, name_of
from ike.context import Context
from ike.errors import InvalidSyntax, NotifyError
from ike.events import (
    DropReason,
    MessageReceived,
    MessageSent,
    RequestRefused,
    RequestRepeated,
    RequestRetransmitted,
    ResponseUnusable,
)
from ike.exchanges import create_child_sa, ike_auth, informational
from ike.exchanges.request import names, refuse_unknown_critical
from ike.ike_sa import IkeSa
from ike.path import Path
from ike.reassembly import Opened
from ike.request import OutstandingRequest
from ike.sealing import parse_inner
from ike.state import ACCEPTED_REQUESTS, Input, State

_EXCHANGES: dict[int, Callable[[IkeSa, Sequence[Payload], Context], list[Payload]]] = {
    ExchangeType.IKE_AUTH: ike_auth.respond,
    ExchangeType.CREATE_CHILD_SA: create_child_sa.respond,
    ExchangeType.INFORMATIONAL: informational.respond,
}
_RESPONSE, _INITIATOR = int(HeaderFlag.RESPONSE), int(HeaderFlag.INITIATOR)
"""Plain numbers, as in ``ike.codec.header``."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A datagram whose header belongs to the IKE SA.

    Args:
        header: Its header.
        data: The whole message.
        path: Where it came from.
    """

    header: Header
    data: bytes
    path: Path

    @property
    def exchange(self) -> str:
        """Name of the exchange type."""
        return name_of(ExchangeType, self.header.exchange)


def receive(sa: IkeSa, incoming: Incoming, ctx: Context) -> None:
    """Process a message that carries this IKE SA's SPIs."""
    if incoming.header.is_response:
        _receive_response(sa, incoming, ctx)
    else:
        _receive_request(sa, incoming, ctx)


def flush(ctx: Context) -> None:
    """Send what waits to be asked, and settle the IKE SAs that this call has touched."""
    while ctx.touched:
        _, sa = ctx.touched.popitem()
        _send_next(sa, ctx)
        ctx.settle(sa)


def _send_next(sa: IkeSa, ctx: Context) -> None:
    """Send the next request of ours that still makes sense, when none is under way."""
    while sa.queued and sa.outstanding is None and sa.state is not State.CLOSED:
        request = sa.queued.popleft()
        payloads = request.payloads(sa, ctx)
        if payloads is None:
            continue
        header = _header(sa, request.exchange, sa.next_id)
        sa.next_id += 1
        sealed = fragmentation.seal_request(sa, header, payloads)
        _send(sa, sealed, sa.path, ctx)
        retry_at = ctx.now + ctx.limits.retransmit_wait(0, ctx.chance())
        sa.outstanding = OutstandingRequest(
            request, header.message_id, sealed.datagrams, sealed.smaller, retry_at
        )


def _header(sa: IkeSa, exchange: int, message_id: int, flags: int = 0) -> Header:
    """The header of a message of ours; the original initiator of an IKE SA has a flag (section 3.1)."""
    role = _INITIATOR if sa.we_initiated else 0
    return Header(
        spi_i=sa.spi_i, spi_r=sa.spi_r, exchange=exchange, flags=flags | role, message_id=message_id
    )


def handle_timer(sa: IkeSa, ctx: Context) -> None:
    """Do what is due at ``ctx.now``, if anything is."""
    fragmentation.handle_timer(sa, ctx)
    if sa.flood is not None:
        sa.flood.handle_timer(ctx.now)
    pending = sa.outstanding
    if pending is not None and pending.retry_at <= ctx.now:
        if not pending.schedule_next(ctx.now, ctx.limits, ctx.chance()):
            ctx.close(sa, Input.TIMED_OUT, f"no answer to {pending.attempt + 1} requests: the peer is gone")
            return
        ctx.send(pending.datagrams, sa.path)
        ctx.emit(
            RequestRetransmitted(
                **sa.where(),
                exchange=pending.request.exchange.name,
                message_id=pending.message_id,
                attempt=pending.attempt,
            )
        )
    due.handle(sa, ctx)


def _receive_request(sa: IkeSa, incoming: Incoming, ctx: Context) -> None:
    header = incoming.header
    if header.message_id == sa.expected_id - 1 and _is_repeated(sa, incoming, ctx):
        return
    if header.message_id != sa.expected_id:
        detail = f"request has message ID {header.message_id}, expected {sa.expected_id}"
        ctx.drop(sa, incoming.path, DropReason.UNEXPECTED_MESSAGE_ID, detail)
        return
    if header.exchange not in ACCEPTED_REQUESTS[sa.state]:
        detail = f"{incoming.exchange} request in state {sa.state.name}"
        ctx.drop(sa, incoming.path, DropReason.UNEXPECTED_EXCHANGE, detail)
        return
    opened = fragmentation.receive(sa, incoming.data, incoming.path, ctx)
    if opened is not None:
        _answer(sa, incoming, opened, ctx)


def _is_repeated(sa: IkeSa, incoming: Incoming, ctx: Context) -> bool:
    """Whether a datagram belongs to the last request, which was answered; its response is sent again."""
    repeated: bool | None = incoming.data == sa.last_request
    if not repeated:
        repeated = fragmentation.is_repeated(sa, incoming.data, incoming.path, ctx)
    if repeated:
        ctx.send(sa.last_response, incoming.path)
        if ctx.tells(sa, RequestRepeated, incoming.path):
            event = RequestRepeated(
                **sa.where(incoming.path), exchange=incoming.exchange, message_id=incoming.header.message_id
            )
            ctx.emit(event)
    return repeated is not False


def _answer(sa: IkeSa, incoming: Incoming, opened: Opened, ctx: Context) -> None:
    """Run the exchange and send its response, or the notification that refuses it."""
    header, path = incoming.header, incoming.path
    if header.exchange == ExchangeType.IKE_AUTH:
        sa.path = path  # the move to port 4500 (RFC 7296 section 2.23)
    _hear(sa, incoming, ctx)
    ends = ""
    try:
        reply = _run_exchange(sa, incoming, opened, ctx)
    except NotifyError as error:
        # Not the error itself: its traceback would keep this call, and keys with it, for a while.
        ends = error.notify.name if error.fatal or sa.state is State.HALF_OPEN else ""
        reply = [NotifyPayload(error.notify, error.data, error.protocol, error.spi)]
        ctx.emit(
            RequestRefused(
                **sa.where(path), exchange=incoming.exchange, notify=error.notify.name, reason=error.reason
            )
        )
    response = _header(sa, header.exchange, header.message_id, _RESPONSE)
    sealed = fragmentation.seal_response(sa, response, reply, opened)
    _send(sa, sealed, path, ctx)
    sa.last_response = sealed.datagrams
    sa.last_request = opened.first_datagram
    sa.expected_id += 1
    if ends:
        if sa.state is State.HALF_OPEN:
            ctx.failed_auths.take(ctx.half_open.source_of(sa), ctx.now)
        ctx.close(sa, Input.REFUSED, f"{incoming.exchange} was refused with {ends}")


def _run_exchange(sa: IkeSa, incoming: Incoming, opened: Opened, ctx: Context) -> list[Payload]:
    try:
        payloads = parse_inner(opened.message, opened.plaintext)
    except CodecError as error:
        raise InvalidSyntax(str(error)) from error
    _report_received(sa, incoming, opened, payloads, ctx)
    refuse_unknown_critical((*opened.message.payloads, *payloads))
    return _EXCHANGES[incoming.header.exchange](sa, payloads, ctx)


def _send(sa: IkeSa, sealed: fragmentation.Sealed, path: Path, ctx: Context) -> None:
    ctx.send(sealed.datagrams, path)
    sizes = tuple(map(len, sealed.datagrams))
    ctx.emit(
        MessageSent(
            **sa.where(path),
            exchange=name_of(ExchangeType, sealed.header.exchange),
            message_id=sealed.header.message_id,
            is_response=sealed.header.is_response,
            length=sum(sizes),
            payloads=names(sealed.payloads),
            fragments=sizes if len(sizes) > 1 else (),
        )
    )


def _report_received(
    sa: IkeSa, incoming: Incoming, opened: Opened, payloads: Sequence[Payload], ctx: Context
) -> None:
    ctx.emit(
        MessageReceived(
            **sa.where(incoming.path),
            exchange=incoming.exchange,
            message_id=incoming.header.message_id,
            is_response=incoming.header.is_response,
            length=opened.length,
            payloads=names(payloads),
            fragments=opened.fragments,
        )
    )


def _receive_response(sa: IkeSa, incoming: Incoming, ctx: Context) -> None:
    pending = sa.outstanding
    header = incoming.header
    if pending is None or (header.message_id, header.exchange) != (
        pending.message_id,
        pending.request.exchange,
    ):
        detail = f"{incoming.exchange} response with message ID {header.message_id} to no request of ours"
        ctx.drop(sa, incoming.path, DropReason.UNEXPECTED_RESPONSE, detail)
        return
    opened = fragmentation.receive(sa, incoming.data, incoming.path, ctx)
    if opened is None:
        return
    try:
        payloads = parse_inner(opened.message, opened.plaintext)
    except CodecError as error:
        ctx.drop(sa, incoming.path, DropReason.MALFORMED, str(error))
        return
    _report_received(sa, incoming, opened, payloads, ctx)
    _hear(sa, incoming, ctx)
    if pending.is_smaller:
        sa.fragmentation.path_is_small = True
    rejected = informational.read_notifies(sa, incoming.exchange, payloads, ctx)
    if rejected is not None:
        ctx.close(sa, Input.REJECTED_BY_PEER, rejected)
        return
    sa.outstanding = None
    try:
        refuse_unknown_critical((*opened.message.payloads, *payloads))
        pending.request.answered(sa, payloads, ctx)
    except NotifyError as error:
        ctx.emit(ResponseUnusable(**sa.where(incoming.path), exchange=incoming.exchange, reason=error.reason))
        pending.request.abandoned(sa, ctx)
        if sa.state is not State.DELETING:
            succession.delete(sa, f"the peer's {incoming.exchange} response cannot be used", ctx)


def _hear(sa: IkeSa, incoming: Incoming, ctx: Context) -> None:
    """Note an authentic message: the peer is alive, and perhaps behind a new mapping of its NAT."""
    mobility.follow(sa, incoming.path, ctx)
    upkeep.heard(sa, ctx.now)
