"""The responder: datagrams in, datagrams and events out, and the calls of the application.

The front door looks at what belongs to no IKE SA; the rest goes to the IKE SA of its SPIs. The clock and the
addresses are arguments, timers are data::

    responder.receive_datagram(data, path, now)
    while event := responder.next_event(): ...        # install CHILD SAs here,
    for data, path in responder.datagrams_to_send(): ...   # before the response leaves
"""

from collections.abc import Callable, Iterator

from ike import mobility, session, succession, upkeep
from ike.child_sa import ChildSa, EspParameters
from ike.codec import Header
from ike.config import Limits, PeerLookup
from ike.constants import HEADER_LENGTH, IKE_MAJOR_VERSION, ExchangeType
from ike.context import Context
from ike.events import Event
from ike.front_door import FrontDoor
from ike.ike_sa import IkeSa
from ike.path import Path
from ike.requests.child import RekeyChild, delete_child, is_queued
from ike.requests.probe import Probe
from ike.requests.rekey_ike import RekeyIke
from ike.state import ChildState, State

_NO_SPI = bytes(8)
_VERSION, _EXCHANGE = 17, 18
"""Offsets in the IKE header (RFC 7296 section 3.1)."""


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
        self._limits = limits or Limits()
        self._ctx = Context(random, self._limits)
        self._door = FrontDoor(lookup, self._ctx)

    def receive_datagram(self, data: bytes, path: Path, now: float) -> None:
        """Process one IKE message, without the non-ESP marker; never raises, whatever the octets.

        Args:
            data: The message.
            path: Where it came from and arrived.
            now: Seconds on any steady clock.
        """
        self._ctx.now, self._ctx.arrival = now, path
        if self._is_first_message(data):
            self._door.receive_init(data, path)
            return
        header = self._door.checked_header(data, path)
        if header is None:
            return
        sa = self._find(header, path)
        if sa is None:
            if (answer := self._ctx.tombstones.answer(_own_spi(header), data, now)) is not None:
                self._ctx.send(answer, path)
            else:
                self._door.receive_unknown(header, path)
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
        timers = (self._ctx.timers.next(), self._door.flood.timer)
        return min((due for due in timers if due is not None), default=None)

    def handle_timer(self, now: float) -> None:
        """Do what is due at ``now``."""
        self._ctx.now = now
        self._door.flood.handle_timer(now)
        for sa in self._ctx.timers.take_due(now):
            if sa.state is not State.CLOSED:  # by what another one did at the same time
                session.handle_timer(sa, self._ctx)
                self._finish(sa)

    def next_event(self) -> Event | None:
        """Take the next event."""
        return self._ctx.events.popleft() if self._ctx.events else None

    @property
    def has_events(self) -> bool:
        """Whether ``next_event`` has one.

        What an IKE_SA_INIT request of a flood leaves is a datagram at most: such may be gathered before
        they are sent.
        """
        return bool(self._ctx.events)

    @property
    def is_idle(self) -> bool:
        """Whether there is no IKE SA."""
        return not self._ctx.sas

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
        if sa.state is State.ESTABLISHED and not any(isinstance(each, RekeyIke) for each in sa.queued):
            self._ctx.want(sa, RekeyIke())
            self._finish(sa)

    def delete(self, sa: IkeSa, now: float) -> None:
        """Delete an authenticated IKE SA with its CHILD SAs (RFC 7296 section 1.4.1)."""
        self._ctx.now = now
        if sa.state not in {State.HALF_OPEN, State.DELETING, State.CLOSED}:
            succession.delete(sa, "deleted by us", self._ctx)
            self._finish(sa)

    def rekey_child(self, spi_in: int, now: float) -> None:
        """Replace a CHILD SA, named by our inbound SPI (RFC 7296 section 2.8)."""
        self._ctx.now = now
        owner, child = self._child(spi_in)
        if owner and child and child.state is ChildState.INSTALLED and not is_queued(owner, spi_in):
            self._ctx.want(owner, RekeyChild(child))
            self._finish(owner)

    def delete_child(self, spi_in: int, now: float) -> None:
        """Delete a CHILD SA (RFC 7296 section 1.4.1); one that we are rekeying, with what replaces it."""
        self._ctx.now = now
        owner, child = self._child(spi_in)
        if owner and child and child.state is not ChildState.DELETING:
            delete_child(owner, child, "deleted by us", self._ctx)
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
        if owner is None or child is None or child.esp.esn or now < child.refused_until:
            return
        if count >= owner.peer.lifetimes.child_packets:
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

    def _is_first_message(self, data: bytes) -> bool:
        """Whether this is IKE_SA_INIT of our version that names no responder; read without parsing."""
        return (
            HEADER_LENGTH <= len(data) <= self._limits.max_datagram
            and data[_EXCHANGE] == ExchangeType.IKE_SA_INIT
            and data[_VERSION] >> 4 == IKE_MAJOR_VERSION
            and data[8:16] == _NO_SPI
        )

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


def _own_spi(header: Header) -> bytes:
    """Our SPI in a message of the peer."""
    return header.spi_r if header.is_initiator else header.spi_i
