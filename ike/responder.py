"""The responder: the one front door for datagrams, and the calls of the application.

Header checks come before any state; then the IKE SA is found by its SPI. The clock and the addresses are
arguments, timers are data::

    responder.receive_datagram(data, path, now)
    while event := responder.next_event(): ...        # install CHILD SAs here,
    for data, path in responder.datagrams_to_send(): ...   # before the response leaves
"""

from collections.abc import Callable, Iterator

from ike import mobility, session, succession, upkeep
from ike.child_sa import ChildSa, EspParameters
from ike.codec import CodecError, Header, Message, NotifyPayload, build_message, parse_header, parse_message
from ike.config import Limits, PeerConfig, PeerLookup
from ike.constants import HEADER_LENGTH, IKE_MAJOR_VERSION, ExchangeType, HeaderFlag, name_of
from ike.context import Context
from ike.errors import InvalidMajorVersion, InvalidSyntax, NotifyError
from ike.events import (
    DatagramDropped,
    DropReason,
    Event,
    MessageReceived,
    MessageSent,
    RequestRefused,
    RequestRepeated,
)
from ike.exchanges import ike_sa_init
from ike.exchanges.request import names
from ike.ike_sa import IkeSa
from ike.path import Path
from ike.requests.child import RekeyChild
from ike.requests.delete import DeleteChild
from ike.requests.probe import Probe
from ike.requests.rekey_ike import RekeyIke
from ike.state import ChildInput, ChildState, State

_NO_SPI = bytes(8)


class Responder:
    """An IKEv2 responder for any number of peers.

    Args:
        lookup: Finds the configuration for the path of a new IKE SA.
        random: Returns that many unpredictable octets (``os.urandom`` in production).
        limits: Bounds and timers.
    """

    def __init__(
        self, lookup: PeerLookup, random: Callable[[int], bytes], limits: Limits | None = None
    ) -> None:
        self._lookup = lookup
        self._limits = limits or Limits()
        self._ctx = Context(random, self._limits)

    def receive_datagram(self, data: bytes, path: Path, now: float) -> None:
        """Process one IKE message, without the non-ESP marker; never raises, whatever the octets.

        Args:
            data: The message.
            path: Where it came from and arrived.
            now: Seconds on any steady clock.
        """
        self._ctx.now, self._ctx.arrival = now, path
        header = self._checked_header(data, path)
        if header is None:
            return
        if header.exchange == ExchangeType.IKE_SA_INIT and header.spi_r == _NO_SPI:
            self._receive_init(header, data, path)
            return
        sa = self._find(header, path)
        if sa is None:
            if (answer := self._ctx.tombstones.answer(_own_spi(header), data, now)) is not None:
                self._ctx.send(answer, path)
                return
            kind = "response" if header.is_response else "request"
            spis = f"{header.spi_i.hex()}_{header.spi_r.hex()}"
            detail = f"{name_of(ExchangeType, header.exchange)} {kind} for SPIs {spis}"
            self._drop(path, DropReason.UNKNOWN_SPI, detail)
            return
        session.receive(sa, session.Incoming(header, data, path), self._ctx)
        self._finish(sa)

    def datagrams_to_send(self) -> list[tuple[bytes, Path]]:
        """Take the datagrams that wait to be sent."""
        datagrams = list(self._ctx.outbox)
        self._ctx.outbox.clear()
        return datagrams

    def next_timer(self) -> float | None:
        """When to call ``handle_timer``, on the clock of ``now``; None when nothing is due ever."""
        return self._ctx.timers.next()

    def handle_timer(self, now: float) -> None:
        """Do what is due at ``now``."""
        self._ctx.now = now
        for sa in self._ctx.timers.take_due(now):
            if sa.state is not State.CLOSED:  # by what another one did at the same time
                session.handle_timer(sa, self._ctx)
                self._finish(sa)

    def next_event(self) -> Event | None:
        """Take the next event."""
        return self._ctx.events.popleft() if self._ctx.events else None

    def ike_sas(self) -> Iterator[IkeSa]:
        """The IKE SAs, for reading."""
        return iter(tuple(self._ctx.sas.values()))

    def esp_parameters(self, spi_in: int) -> EspParameters | None:
        """Keys and path of a CHILD SA by our inbound SPI; None when it is gone again."""
        owner, child = self._child(spi_in)
        return child.esp if owner and child else None

    # What the application asks for

    def probe(self, sa: IkeSa, now: float) -> None:
        """Ask the peer of an established IKE SA for a sign of life (RFC 7296 section 2.4)."""
        self._ctx.now = now
        if sa.state is State.ESTABLISHED and sa.outstanding is None:
            self._ctx.want(sa, Probe())
            self._finish(sa)

    def rekey_ike(self, sa: IkeSa, now: float) -> None:
        """Replace an established IKE SA (RFC 7296 section 2.18)."""
        self._ctx.now = now
        if sa.state is State.ESTABLISHED:
            self._ctx.want(sa, RekeyIke())
            self._finish(sa)

    def delete(self, sa: IkeSa, now: float) -> None:
        """Delete an authenticated IKE SA with its CHILD SAs (RFC 7296 section 1.4.1)."""
        self._ctx.now = now
        if sa.state in {State.ESTABLISHED, State.REKEYING, State.REKEYED}:
            succession.delete(sa, "deleted by us", self._ctx)
            self._finish(sa)

    def rekey_child(self, spi_in: int, now: float) -> None:
        """Replace a CHILD SA, named by our inbound SPI (RFC 7296 section 2.8)."""
        self._ctx.now = now
        owner, child = self._child(spi_in)
        if owner and child and child.state is ChildState.INSTALLED:
            self._ctx.want(owner, RekeyChild(child))
            self._finish(owner)

    def delete_child(self, spi_in: int, now: float) -> None:
        """Delete a CHILD SA (RFC 7296 section 1.4.1)."""
        self._ctx.now = now
        owner, child = self._child(spi_in)
        if owner and child and child.state in {ChildState.INSTALLED, ChildState.REKEYED}:
            child.move(ChildInput.DELETE_SENT)
            self._ctx.want(owner, DeleteChild(spi_in, "deleted by us"))
            self._finish(owner)

    # What the application tells of the ESP packets that it carries

    def saw_traffic(self, spi_in: int, at: float) -> None:
        """The last authentic ESP packet of a CHILD SA came at this time: the peer is alive."""
        owner, _ = self._child(spi_in)
        if owner:
            upkeep.heard(owner, at)
            self._ctx.settle(owner)

    def packets_sent(self, spi_in: int, count: int, now: float) -> None:
        """So many packets were sent on a CHILD SA; it is rekeyed before its sequence numbers are used up."""
        owner, child = self._child(spi_in)
        if owner and child and not child.esp.esn and count >= owner.peer.lifetimes.child_packets:
            self.rekey_child(spi_in, now)

    def peer_moved(self, spi_in: int, path: Path, now: float) -> None:
        """The newest authentic ESP packet of a CHILD SA came from another path (RFC 7296 section 2.23)."""
        self._ctx.now = now
        owner, _ = self._child(spi_in)
        if owner and path.local_ip == owner.path.local_ip:
            mobility.follow(owner, path, self._ctx)

    def _child(self, spi_in: int) -> tuple[IkeSa | None, ChildSa | None]:
        owner = self._ctx.esp_owner.get(spi_in)
        return owner, owner.children.get(spi_in) if owner else None

    def _finish(self, sa: IkeSa) -> None:
        """Send what has been queued meanwhile and set the timers."""
        self._ctx.touch(sa)
        session.flush(self._ctx)

    def _find(self, header: Header, path: Path) -> IkeSa | None:
        """The IKE SA of a message, by our SPI in it; the flag says which one of the two that is."""
        sa = self._ctx.sas.get(_own_spi(header))
        known = sa is not None and (sa.spi_i, sa.spi_r, sa.we_initiated, sa.path.local_ip) == (
            header.spi_i,
            header.spi_r,
            not header.is_initiator,
            path.local_ip,
        )
        return sa if known else None

    def _drop(self, path: Path, reason: DropReason, detail: str) -> None:
        peer = self._lookup(path)
        name = peer.name if peer else ""
        self._ctx.emit(DatagramDropped(peer=name, path=path, reason=reason, detail=detail))

    def _checked_header(self, data: bytes, path: Path) -> Header | None:
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
        version = f"IKE version {header.major}.{header.minor}, expected 2.0"
        peer = self._lookup(path)
        if header.major < IKE_MAJOR_VERSION:
            self._drop(path, DropReason.OLD_VERSION, version)
        elif peer is None:
            self._drop(path, DropReason.UNKNOWN_SOURCE, f"{version}, from {path.remote}")
        elif header.is_response:
            self._drop(path, DropReason.MALFORMED, version)
        else:
            self._refuse(header, path, InvalidMajorVersion(version), peer)
        return None

    def _receive_init(self, header: Header, data: bytes, path: Path) -> None:
        peer = self._lookup(path)
        if peer is None:
            self._drop(path, DropReason.UNKNOWN_SOURCE, f"IKE_SA_INIT from {path.remote}")
        elif header.is_response:
            self._drop(path, DropReason.UNEXPECTED_RESPONSE, "IKE_SA_INIT response, we send no such request")
        elif not header.is_initiator or header.message_id != 0 or not any(header.spi_i):
            self._drop(path, DropReason.MALFORMED, "flags, message ID or SPI of no first request")
        elif (known := self._ctx.by_init_request.get((data, peer.name))) is not None:
            self._repeat_init(known, path)
        elif len(self._ctx.half_open) >= self._limits.max_half_open:
            limit = self._limits.max_half_open
            self._drop(path, DropReason.TOO_MANY_HALF_OPEN, f"{limit} are half-open already")
        else:
            self._answer_init(header, data, path, peer)

    def _repeat_init(self, known: IkeSa, path: Path) -> None:
        """Answer a repeated request to where it came from now; after IKE_AUTH it is a straggler."""
        if known.state is State.HALF_OPEN:
            self._ctx.send(known.last_response, path)
            self._ctx.emit(RequestRepeated(**known.where(path), exchange="IKE_SA_INIT", message_id=0))
        else:
            detail = "IKE_SA_INIT request of an IKE SA that is authenticated already"
            self._drop(path, DropReason.UNEXPECTED_MESSAGE_ID, detail)

    def _answer_init(self, header: Header, data: bytes, path: Path, peer: PeerConfig) -> None:
        try:
            message = parse_message(data)
        except CodecError as error:
            self._drop(path, DropReason.MALFORMED, str(error))
            return
        self._report_init(message, len(data), path, peer)
        try:
            request = ike_sa_init.InitRequest(data=data, message=message, path=path, peer=peer)
            sa = ike_sa_init.answer(request, self._ctx)
            self._ctx.add(sa)
            self._ctx.half_open.add(sa, verified=False)
        except InvalidSyntax as error:
            # This notification may only be sent encrypted (RFC 7296 section 3.10.1): there are no keys yet.
            self._drop(path, DropReason.MALFORMED, error.reason)
        except NotifyError as error:
            self._refuse(header, path, error, peer)

    def _report_init(self, message: Message, length: int, path: Path, peer: PeerConfig) -> None:
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

    def _refuse(self, header: Header, path: Path, error: NotifyError, peer: PeerConfig) -> None:
        """Answer outside of any IKE SA: unprotected, without state (RFC 7296 section 2.21.1)."""
        exchange = name_of(ExchangeType, header.exchange)
        notify = NotifyPayload(error.notify, error.data)
        response = build_message(
            Header(
                spi_i=header.spi_i,
                spi_r=header.spi_r,
                exchange=header.exchange,
                flags=HeaderFlag.RESPONSE,
                message_id=header.message_id,
            ),
            (notify,),
        )
        self._ctx.send((response,), path)
        self._ctx.emit(
            RequestRefused(
                peer=peer.name, path=path, exchange=exchange, notify=error.notify.name, reason=error.reason
            )
        )
        self._ctx.emit(
            MessageSent(
                peer=peer.name,
                path=path,
                exchange=exchange,
                message_id=header.message_id,
                is_response=True,
                length=len(response),
                payloads=names((notify,)),
            )
        )


def _own_spi(header: Header) -> bytes:
    """Our SPI in a message of the peer."""
    return header.spi_r if header.is_initiator else header.spi_i
