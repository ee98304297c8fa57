"""What happens to a message before an IKE SA is involved: IKE_SA_INIT, drops, unprotected answers."""

from collections.abc import Callable

from ike import isakmp
from ike.codec import (
    CodecError,
    Header,
    Message,
    NotifyPayload,
    VendorPayload,
    build_message,
    parse_header,
    parse_message,
)
from ike.config import PeerConfig, PeerLookup, Unidentified
from ike.constants import HEADER_LENGTH, IKE_MAJOR_VERSION, ExchangeType, HeaderFlag, NotifyType, name_of
from ike.context import Context
from ike.door_events import CookieRequested, NatHashesOffered, VendorsNamed
from ike.errors import InvalidSyntax, NotifyError
from ike.events import (
    DatagramDropped,
    DropReason,
    MessageReceived,
    MessageSent,
    RequestRefused,
    RequestRepeated,
)
from ike.exchanges import ike_sa_init
from ike.exchanges.request import names
from ike.flood import FloodReport, Kind
from ike.gate import Gate
from ike.ike_sa import IkeSa
from ike.path import Path
from ike.peek import cookie_of, nat_hashes_of
from ike.rate import Limiter
from ike.state import State
from ike.vendors import sort_out

ANSWERS = (20.0, 10.0)
"""Burst and rate per second of unprotected answers to requests that belong to no peer or no IKE SA."""
ANSWERS_PER_SOURCE = (3.0, 1.0)
"""The same for one source address."""

_NO_SPI = bytes(8)
_MESSAGE_0 = bytes(4)
_FLAGS = 19
"""Offset in the IKE header (RFC 7296 section 3.1)."""
_RESPONSE, _INITIATOR = int(HeaderFlag.RESPONSE), int(HeaderFlag.INITIATOR)
"""Plain numbers: an enum's ``&`` takes a tenth of the time of a dropped packet."""


class FrontDoor:
    """The part of the responder that keeps no state, or decides whether there will be any.

    Args:
        lookup: Finds the configuration for the path of a new IKE SA.
        ctx: The responder's shared state.
    """

    def __init__(self, lookup: PeerLookup, ctx: Context) -> None:
        self._lookup = lookup
        self._ctx = ctx
        self._limits = ctx.limits
        self._gate = Gate(ctx)
        self._answers = Limiter(ANSWERS, ANSWERS_PER_SOURCE)
        self.flood = FloodReport(ctx.emit)

    def checked_header(self, data: bytes, path: Path) -> Header | None:
        """The header of a message of our version; None when the message has been dealt with."""
        if len(data) < HEADER_LENGTH:
            self._drop(path, DropReason.TOO_SHORT, f"{len(data)} octets, an IKE header has {HEADER_LENGTH}")
            return None
        if len(data) > self._limits.max_datagram:
            limit = self._limits.max_datagram
            self._drop(path, DropReason.TOO_LONG, f"{len(data)} octets, at most {limit} are accepted")
            return None
        header = parse_header(data)
        if header.major == IKE_MAJOR_VERSION:
            return header
        if header.major < IKE_MAJOR_VERSION:
            self._drop(path, DropReason.OLD_VERSION, lambda: isakmp.describe(data))
        else:
            self._refuse_version(header, path)
        return None

    def receive_unknown(self, header: Header, path: Path) -> None:
        """A message for an IKE SA that does not exist (RFC 7296 section 2.21.4)."""
        if (
            self._limits.answer_unknown_spi
            and not header.is_response
            and self._answers.take(path.remote_ip, self._ctx.now)
        ):
            self._refuse(header, path, NotifyType.INVALID_IKE_SPI, _spis(header), peer=self._name(path))
            return
        self._drop(path, DropReason.UNKNOWN_SPI, lambda: _spis(header))

    def receive_init(self, data: bytes, path: Path) -> None:
        """An IKE_SA_INIT message of our version that names no responder."""
        peer = self._lookup(path)
        if not isinstance(peer, PeerConfig):
            self._receive_unidentified(data, path, peer)
        elif data[_FLAGS] & _RESPONSE:
            self._drop(path, DropReason.UNEXPECTED_RESPONSE, "IKE_SA_INIT response, we send no such request")
        elif not data[_FLAGS] & _INITIATOR or data[20:24] != _MESSAGE_0 or data[:8] == _NO_SPI:
            self._drop(path, DropReason.MALFORMED, "flags, message ID or SPI of no first request")
        elif (length := int.from_bytes(data[24:HEADER_LENGTH], "big")) != len(data):
            self._drop(path, DropReason.MALFORMED, f"header says {length} octets, datagram has {len(data)}")
        elif (known := self._ctx.by_init_request.get((data, peer.name))) is not None:
            self._repeat(known, path)
        else:
            verified = self._gate.has_cookie(data, path)
            if self._admits(data, path, peer, verified=verified):
                self._open(data, path, peer, verified=verified)

    def _receive_unidentified(self, data: bytes, path: Path, why: Unidentified | None) -> None:
        told = True
        if why and why.notify and not data[_FLAGS] & _RESPONSE and self._take_answer(path):
            self._refuse(parse_header(data), path, why.notify, why.detail, peer=why.name)
        elif why:
            told = self._drop(path, why.reason, why.detail, why.name)
        else:
            told = self._drop(path, DropReason.UNKNOWN_SOURCE, lambda: f"IKE_SA_INIT from {path.remote}", "")
        sources, destinations = nat_hashes_of(data) if told else ((), ())
        if sources or destinations:
            self._ctx.emit(
                NatHashesOffered(
                    peer=why.name if why else "",
                    path=path,
                    spi_i=data[:8].hex(),
                    sources=tuple(each.hex() for each in sources),
                    destinations=tuple(each.hex() for each in destinations),
                )
            )

    def _repeat(self, known: IkeSa, path: Path) -> None:
        """Answer a repeated request to where it came from now; after IKE_AUTH it is a straggler."""
        if known.state is State.HALF_OPEN:
            self._ctx.send(known.last_response, path)
            if self.flood.allows(Kind(RequestRepeated, known.peer.name), path, self._ctx.now):
                event = RequestRepeated(**known.where(path), exchange="IKE_SA_INIT", message_id=0)
                self._ctx.emit(event)
        else:
            detail = "IKE_SA_INIT request of an IKE SA that is authenticated already"
            self._drop(path, DropReason.UNEXPECTED_MESSAGE_ID, detail)

    def _admits(self, data: bytes, path: Path, peer: PeerConfig, *, verified: bool) -> bool:
        """Whether the request may make an IKE SA; otherwise it has been dealt with."""
        barred = self._gate.why_barred(path)
        if barred:
            self._drop(path, DropReason.TOO_MANY_FAILED, barred)
            return False
        reason = "" if verified else self._gate.why_cookie(path)
        if reason:
            self._request_cookie(data, path, peer, reason)
            return False
        full = self._gate.why_full(path, verified=verified)
        if full:
            self._drop(path, DropReason.TOO_MANY_HALF_OPEN, full)
        return not full

    def _request_cookie(self, data: bytes, path: Path, peer: PeerConfig, reason: str) -> None:
        message = self._gate.cookie_message(data, path)
        if message is None:
            self._drop(path, DropReason.MALFORMED, "no nonce to make a cookie of")
            return
        self._ctx.send((message,), path)
        if self.flood.allows(Kind(CookieRequested, peer.name), path, self._ctx.now):
            returned = cookie_of(data) is not None
            self._ctx.emit(CookieRequested(peer=peer.name, path=path, reason=reason, returned=returned))

    def _open(self, data: bytes, path: Path, peer: PeerConfig, *, verified: bool) -> None:
        sa = self._answer_init(data, path, peer)
        if sa is not None:
            self._ctx.add(sa)
            self._ctx.half_open.add(sa, verified=verified)
        elif not verified:
            self._gate.count_refusal()

    def _answer_init(self, data: bytes, path: Path, peer: PeerConfig) -> IkeSa | None:
        try:
            message = parse_message(data)
        except CodecError as error:
            self._drop(path, DropReason.MALFORMED, str(error))
            return None
        told_before = len(self._ctx.events)
        self._report(message, len(data), path, peer)
        try:
            request = ike_sa_init.InitRequest(data=data, message=message, path=path, peer=peer)
            return ike_sa_init.answer(request, self._ctx)
        except InvalidSyntax as error:
            # This notification may only be sent encrypted (RFC 7296 section 3.10.1): there are no keys yet.
            told = self._drop(path, DropReason.MALFORMED, error.reason)
        except NotifyError as error:
            self._refuse(message.header, path, error.notify, error.reason, peer=peer.name, data=error.data)
            told = self.flood.allows(Kind(RequestRefused, peer.name), path, self._ctx.now)
        if not told:
            self._take_back(told_before)
        return None

    def _take_back(self, told_before: int) -> None:
        """Tell nothing of the request that is being dealt with: there are too many of its kind."""
        while len(self._ctx.events) > told_before:
            self._ctx.events.pop()

    def _report(self, message: Message, length: int, path: Path, peer: PeerConfig) -> None:
        self._ctx.emit(
            MessageReceived(
                peer=peer.name,
                path=path,
                exchange="IKE_SA_INIT",
                message_id=0,
                is_response=False,
                length=length,
                payloads=names(message.payloads),
            )
        )
        vendor_ids = [p.vendor_id for p in message.payloads if isinstance(p, VendorPayload)]
        if vendor_ids:
            known, unknown = sort_out(vendor_ids)
            self._ctx.emit(VendorsNamed(peer=peer.name, path=path, known=known, unknown=unknown))

    def _refuse_version(self, header: Header, path: Path) -> None:
        version = f"IKE version {header.major}.{header.minor}, expected 2.0"
        peer = self._lookup(path)
        if not isinstance(peer, PeerConfig):
            self._drop(path, DropReason.UNKNOWN_SOURCE, f"{version}, from {path.remote}")
        elif header.is_response or not self._take_answer(path):
            self._drop(path, DropReason.MALFORMED, version)
        else:
            self._refuse(header, path, NotifyType.INVALID_MAJOR_VERSION, version, peer=peer.name)

    def _take_answer(self, path: Path) -> bool:
        return self._answers.take(path.remote_ip, self._ctx.now)

    def _refuse(
        self,
        header: Header,
        path: Path,
        notify_type: NotifyType,
        reason: str,
        *,
        peer: str,
        data: bytes = b"",
    ) -> None:
        """Answer outside of any IKE SA: unprotected, without state (RFC 7296 section 2.21)."""
        exchange = name_of(ExchangeType, header.exchange)
        notify = NotifyPayload(notify_type, data)
        ours = 0 if header.is_initiator else HeaderFlag.INITIATOR
        response = build_message(
            Header(
                spi_i=header.spi_i,
                spi_r=header.spi_r,
                exchange=header.exchange,
                flags=HeaderFlag.RESPONSE | ours,
                message_id=header.message_id,
            ),
            (notify,),
        )
        self._ctx.send((response,), path)
        self._ctx.emit(
            RequestRefused(peer=peer, path=path, exchange=exchange, notify=notify_type.name, reason=reason)
        )
        self._ctx.emit(
            MessageSent(
                peer=peer,
                path=path,
                exchange=exchange,
                message_id=header.message_id,
                is_response=True,
                length=len(response),
                payloads=names((notify,)),
            )
        )

    def _name(self, path: Path) -> str:
        peer = self._lookup(path)
        return peer.name if peer else ""

    def _drop(
        self, path: Path, reason: DropReason, detail: str | Callable[[], str], peer: str | None = None
    ) -> bool:
        """Report a drop, unless there are too many; whether it was reported.

        The detail may be a function, when it is not cheap, and the peer be left to find.
        """
        name = self._name(path) if peer is None else peer
        told = self.flood.allows(Kind(DatagramDropped, name, reason), path, self._ctx.now)
        if told:
            text = detail if isinstance(detail, str) else detail()
            self._ctx.emit(DatagramDropped(peer=name, path=path, reason=reason, detail=text))
        return told


def _spis(header: Header) -> str:
    kind = "response" if header.is_response else "request"
    spis = f"{header.spi_i.hex()}_{header.spi_r.hex()}"
    return f"{name_of(ExchangeType, header.exchange)} {kind} for SPIs {spis}"
