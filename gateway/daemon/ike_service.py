"""Runs the responder on the event loop: sockets in, CHILD SAs into the dataplane, datagrams out."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gateway.dataplane.userspace import Userspace
from gateway.endpoint import Endpoint
from ike.config import Limits, PeerLookup
from ike.constants import ExchangeType
from ike.events import ChildSaClosed, ChildSaEstablished, Event, PathChanged
from ike.path import Path
from ike.responder import Responder
from ike.state import State

DELETE_SECONDS = 1.0
"""How long a stopping gateway waits for the answers to its Delete requests."""
TRAFFIC_SECONDS = 1.0
"""Between two reports to the responder of what CHILD SAs carried; at a timer of its own it hears at once."""

_EXCHANGE_TYPE = 18
"""Offset in the IKE header (RFC 7296 section 3.1)."""
_INITIAL = tuple(bytes([exchange]) for exchange in (ExchangeType.IKE_SA_INIT, ExchangeType.IKE_AUTH))


@dataclass(frozen=True, kw_only=True)
class Carrier:
    """One underlay address with what carries the ESP of its tunnels."""

    endpoint: Endpoint
    dataplane: Userspace


class IkeService:
    """The IKE side of the gateway.

    Args:
        lookup: Finds the tunnel of a new IKE SA.
        on_event: Called with every event of the responder, keys included, after the dataplane knows about it.
        limits: The responder's limits.
        keepalive_seconds: Between two NAT keepalives where the gateway is behind a NAT (RFC 3948 section 4);
            0: none are sent.
    """

    def __init__(
        self,
        lookup: PeerLookup,
        on_event: Callable[[Event], None],
        *,
        limits: Limits,
        keepalive_seconds: float,
    ) -> None:
        self._on_event = on_event
        self._loop = asyncio.get_running_loop()
        self._responder = Responder(lookup, os.urandom, limits)
        self._carriers: dict[str, Carrier] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._keepalive_seconds = keepalive_seconds
        self._keepalives: asyncio.TimerHandle | None = None
        if keepalive_seconds:
            self._keepalives = self._loop.call_later(keepalive_seconds, self._send_keepalives)
        self._reports = self._loop.call_later(TRAFFIC_SECONDS, self._report_traffic)
        self._stopping = False
        self._idle = asyncio.Event()
        self._idle.set()

    def serve(self, carrier: Carrier) -> None:
        """Answer on an endpoint. It is opened here.

        Raises:
            EndpointError: Its sockets cannot be had.
        """
        carrier.endpoint.open()
        self._carriers[carrier.endpoint.address] = carrier

    def receive(self, messages: Iterable[tuple[bytes, Path]]) -> None:
        """Take IKE messages from an endpoint.

        A CPE may answer our Delete with a new IKE_SA_INIT at once. A stopping gateway leaves it unanswered:
        nobody would delete the new SA, and the CPE would take it for alive.

        What a message did is carried out before the next one is looked at. Messages that did nothing, as
        most of a flood, are left to the end: the answers to them go out together.
        """
        responder, now, waiting = self._responder, self._loop.time(), False
        for data, path in messages:
            if self._stopping and data[_EXCHANGE_TYPE : _EXCHANGE_TYPE + 1] in _INITIAL:
                continue
            responder.receive_datagram(data, path, now)
            waiting = not responder.has_events
            if not waiting:
                self._flush()
                now = self._loop.time()
        if waiting:
            self._flush()

    def peer_moved(self, spi_in: int, path: Path) -> None:
        """Take note that a CHILD SA's newest packet came along another path; the responder decides."""
        self._responder.peer_moved(spi_in, path, self._loop.time())
        self._flush()

    def check_liveness(self, tunnel: str) -> None:
        """Ask the CPE of a tunnel for a sign of life, now."""
        for sa in self._responder.ike_sas():
            if sa.peer.name == tunnel:
                self._responder.probe(sa, self._loop.time())
        self._flush()

    async def stop(self) -> None:
        """Delete the IKE SAs, wait a moment for the answers, close the sockets."""
        self._stopping = True
        for sa in self._responder.ike_sas():
            self._responder.delete(sa, self._loop.time())
        self._flush()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DELETE_SECONDS):
                await self._idle.wait()
        for timer in (self._keepalives, self._reports, self._timer):
            if timer is not None:
                timer.cancel()
        for carrier in self._carriers.values():
            carrier.endpoint.close()

    def rekeyings(self) -> dict[str, float]:
        """When we rekey, on the loop's clock: IKE SAs by their two SPIs, CHILD SAs by ``spi_in``, in hex."""
        due: dict[str, float] = {}
        for sa in self._responder.ike_sas():
            if sa.rekey_at is not None:
                due[sa.name] = sa.rekey_at
            for spi_in, child in sa.children.items():
                if child.rekey_at is not None:
                    due[f"{spi_in:08x}"] = child.rekey_at
        return due

    def _flush(self) -> None:
        """Carry out what the responder decided: CHILD SAs first, so that no packet finds them missing."""
        while (event := self._responder.next_event()) is not None:
            self._apply(event)
            self._on_event(event)
        outgoing: dict[Path, list[bytes]] = {}
        for datagram, path in self._responder.datagrams_to_send():
            outgoing.setdefault(path, []).append(datagram)
        for path, datagrams in outgoing.items():
            self._carriers[path.local_ip].endpoint.send_ike(datagrams, path)
        if self._responder.is_idle:
            self._idle.set()
        else:
            self._idle.clear()
        self._schedule()

    def _apply(self, event: Event) -> None:
        dataplane = self._carriers[event.path.local_ip].dataplane
        if isinstance(event, ChildSaEstablished):
            esp = self._responder.esp_parameters(event.spi_in)
            if esp is not None:
                dataplane.install(
                    event.peer, esp, replaces=event.replaces, initiated_by_us=event.initiated_by_us
                )
        elif isinstance(event, ChildSaClosed):
            dataplane.remove(event.spi_in)
        elif isinstance(event, PathChanged):
            for spi_in in event.spis_in:
                dataplane.move(spi_in, event.new, udp_encapsulation=event.udp_encapsulation)

    def _schedule(self) -> None:
        """See to it that a timer comes in time. One that comes too early finds nothing due and sets the next.

        So a timer stays when what it was set for is over: most messages put off a deadline.
        """
        due = self._responder.next_timer()
        if due is None:
            return
        if self._timer is not None:
            if self._timer.when() <= due:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(due, self._on_timer)

    def _send_keepalives(self) -> None:
        """Keep the mapping of a NAT on our side; for one on its side the CPE does (RFC 3948 section 4)."""
        live = (sa for sa in self._responder.ike_sas() if sa.state is not State.HALF_OPEN)
        for path in {sa.path for sa in live if sa.nat.local_behind_nat}:
            self._carriers[path.local_ip].endpoint.send_keepalive(path)
        self._keepalives = self._loop.call_later(self._keepalive_seconds, self._send_keepalives)

    def _report_traffic(self) -> None:
        if self._tell_traffic():
            self._flush()
        self._reports = self._loop.call_later(TRAFFIC_SECONDS, self._report_traffic)

    def _tell_traffic(self) -> bool:
        """Tell the responder which CHILD SAs sent or received; whether any did."""
        now = self._loop.time()
        news = [each for carrier in self._carriers.values() for each in carrier.dataplane.traffic()]
        for each in news:
            if each.heard_at is not None:
                self._responder.saw_traffic(each.spi_in, each.heard_at)
            self._responder.packets_sent(each.spi_in, each.sent, now)
        return bool(news)

    def _on_timer(self) -> None:
        self._timer = None
        # First, for a peer that was just heard is not asked for a sign of life.
        self._tell_traffic()
        self._responder.handle_timer(self._loop.time())
        self._flush()
