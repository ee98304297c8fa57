"""One underlay address: UDP 500, UDP 4500 and IP protocol 50 on the running event loop.

The sockets are read with ``loop.add_reader`` and drained, a bounded number of reads per callback. ESP packets
go on in batches of one path.
"""

import asyncio
import errno
import socket
import struct
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gateway.endpoint.arrivals import Arrivals, OnEsp, OnIke
from gateway.endpoint.datagrams import KEEPALIVE, NON_ESP_MARKER, esp_of_ipv4, runs
from gateway.endpoint.sockets import IKE_PORT, NATT_PORT, UDP_SEGMENT, Sockets, gro_size, open_sockets
from ike.path import Path

READS_PER_CALLBACK = 64
"""Reads of one socket before the event loop gets to serve the others."""

_DATAGRAM = 65_536
_ARENA = 4 * _DATAGRAM
_ANCILLARY = socket.CMSG_SPACE(4)
_segment_size = struct.Struct("=H").pack
_NOT_SEGMENTED = frozenset({errno.EINVAL, errno.EIO, errno.EMSGSIZE, errno.EOPNOTSUPP})
"""A kernel or device cannot segment for us: no checksum offload, or a segment exceeds the path's MTU."""

_Read = tuple[memoryview, int, tuple[str, int]]
"""What one read of UDP 4500 gave: the octets, those of each datagram in it, and where they came from."""


@dataclass
class EndpointCounters:
    """What an endpoint saw besides IKE messages and ESP packets.

    Args:
        keepalives: NAT keepalives received (RFC 3948 section 2.3).
        malformed: Datagrams too short to be anything, by socket: ``natt`` or ``esp``.
        receive_errors: Failed reads by errno name; ICMP errors about datagrams of ours show up here.
        send_errors: Datagrams not sent, by errno name.
    """

    keepalives: int = 0
    malformed: Counter[str] = field(default_factory=Counter)
    receive_errors: Counter[str] = field(default_factory=Counter)
    send_errors: Counter[str] = field(default_factory=Counter)


class Endpoint:
    """The gateway's sockets on one underlay address.

    Args:
        address: IPv4 address of this machine.
        on_ike: Called with IKE messages, without the non-ESP marker, and where each came from, in order of
            arrival.
        on_esp: Called with ESP packets of one path, in order of arrival. The views are valid during the call
            only: the buffer behind them is used again.
        on_keepalive: Called with the path of each NAT keepalive.
        sockets: Opens the sockets; another one than ``open_sockets`` only in tests.

    Attributes:
        counters: See ``EndpointCounters``.
    """

    def __init__(
        self,
        address: str,
        on_ike: OnIke,
        on_esp: OnEsp,
        *,
        on_keepalive: Callable[[Path], None] = lambda _path: None,
        sockets: Callable[[str], Sockets] = open_sockets,
    ) -> None:
        self.address = address
        self.on_ike = on_ike
        self.on_esp = on_esp
        self._on_keepalive = on_keepalive
        self.counters = EndpointCounters()
        self._open_sockets = sockets
        self._sockets: Sockets | None = None
        self._arena = memoryview(bytearray(_ARENA))

    @property
    def is_open(self) -> bool:
        """Whether the sockets are bound and read."""
        return self._sockets is not None

    def open(self) -> None:
        """Bind the sockets and read them on the running event loop.

        Raises:
            EndpointError: A socket cannot be had; its text says which, why and what to do.
        """
        self._sockets = self._open_sockets(self.address)
        loop = asyncio.get_running_loop()
        for each in (self._sockets.ike, *self._sockets.beside_ike):
            loop.add_reader(each, self._drain_ike, each)
        loop.add_reader(self._sockets.natt, self._drain_natt, self._sockets.natt)
        for each in self._sockets.beside_natt:
            loop.add_reader(each, self._drain_beside_natt, each)
        loop.add_reader(self._sockets.esp, self._drain_esp, self._sockets.esp)

    def close(self) -> None:
        """Stop reading and close the sockets; closing twice is harmless."""
        if self._sockets is None:
            return
        loop = asyncio.get_running_loop()
        for each in self._sockets.all:
            loop.remove_reader(each)
        self._sockets.close()
        self._sockets = None

    def send_ike(self, datagrams: Sequence[bytes], path: Path) -> None:
        """Send IKE datagrams; ``path.local_port`` 4500 puts the non-ESP marker in front (RFC 3948 2.2)."""
        if self._sockets is None:
            return
        if path.local_port == NATT_PORT:
            self._send_udp(self._sockets.natt, [NON_ESP_MARKER + each for each in datagrams], path)
        elif path.local_port == IKE_PORT:
            self._send_udp(self._sockets.ike, datagrams, path)
        else:
            raise ValueError(f"IKE from local port {path.local_port}: {IKE_PORT} or {NATT_PORT} expected")

    def send_keepalive(self, path: Path) -> None:
        """Send a NAT keepalive: only for an SA whose NAT is on our side (RFC 3948 section 4)."""
        if self._sockets is not None:
            self._send_udp(self._sockets.natt, (KEEPALIVE,), path)

    def send_esp(self, packets: Sequence[bytes], path: Path) -> None:
        """Send ESP packets in order: in UDP, or as IP protocol 50 when ``path.local_port`` is 0.

        Never raises for the network's sake: what cannot be sent is counted.
        """
        if self._sockets is None:
            return
        if path.local_port == 0:
            target = (path.remote_ip, 0)
            for packet in packets:
                self._send(self._sockets.esp, packet, target)
            return
        self._send_udp(self._sockets.natt, packets, path)

    def _send_udp(self, udp: socket.socket, datagrams: Sequence[bytes], path: Path) -> None:
        """Send datagrams in order, with as few system calls as can be."""
        target = (path.remote_ip, path.remote_port)
        for size, run in runs(datagrams):
            if len(run) == 1 or not self._send_segmented(udp, size, run, target):
                for datagram in run:
                    self._send(udp, datagram, target)

    def _send_segmented(
        self, udp: socket.socket, size: int, run: Sequence[bytes], target: tuple[str, int]
    ) -> bool:
        """One system call for a whole run; False when it has to be sent one by one."""
        control = [(socket.IPPROTO_UDP, UDP_SEGMENT, _segment_size(size))]
        try:
            udp.sendmsg(run, control, 0, target)
        except OSError as error:
            if error.errno in _NOT_SEGMENTED:
                return False
            self.counters.send_errors[_name(error)] += len(run)
        return True

    def _send(self, through: socket.socket, data: bytes, target: tuple[str, int]) -> None:
        try:
            through.sendto(data, target)
        except OSError as error:
            self.counters.send_errors[_name(error)] += 1

    def _drain_ike(self, ike: socket.socket) -> None:
        messages = []
        for _ in range(READS_PER_CALLBACK):
            try:
                data, (remote_ip, remote_port) = ike.recvfrom(_DATAGRAM)
            except BlockingIOError:
                break
            except OSError as error:
                self.counters.receive_errors[_name(error)] += 1
                continue
            messages.append((data, Path(self.address, IKE_PORT, remote_ip, remote_port)))
        if messages:
            self.on_ike(messages)

    def _drain_natt(self, natt: socket.socket) -> None:
        """Read the queue of ESP in UDP into the arena, as often as it is full or nothing is left."""
        arena, offset = self._arena, 0
        reads: list[_Read] = []
        for _ in range(READS_PER_CALLBACK):
            try:
                length, ancillary, _flags, source = natt.recvmsg_into([arena[offset:]], _ANCILLARY)
            except BlockingIOError:
                break
            except OSError as error:
                if self._sockets is None:  # closed by the receiver of what was read before
                    return
                self.counters.receive_errors[_name(error)] += 1
                continue
            reads.append((arena[offset : offset + length], gro_size(ancillary) or length, source))
            offset += length
            if offset > _ARENA - _DATAGRAM:
                self._take_natt(reads)
                reads, offset = [], 0
        self._take_natt(reads)

    def _take_natt(self, reads: list[_Read]) -> None:
        """Hand over what was read, behind IKE that came before it: it may be what makes the ESP SA."""
        if reads and self._sockets is not None and self._sockets.beside_natt:
            self._drain_beside_natt(self._sockets.beside_natt[-1])
        self._hand_over(reads)

    def _drain_beside_natt(self, natt: socket.socket) -> None:
        """Read a queue of IKE on port 4500; without the arena, which may be in use."""
        reads: list[_Read] = []
        for _ in range(READS_PER_CALLBACK):
            try:
                data, ancillary, _flags, source = natt.recvmsg(_DATAGRAM, _ANCILLARY)
            except BlockingIOError:
                break
            except OSError as error:
                self.counters.receive_errors[_name(error)] += 1
                continue
            reads.append((memoryview(data), gro_size(ancillary) or len(data), source))
        self._hand_over(reads)

    def _hand_over(self, reads: list[_Read]) -> None:
        if not reads:
            return
        arrivals = self._arrivals()
        for data, size, source in reads:
            if source != arrivals.source:
                arrivals.begin(source, Path(self.address, NATT_PORT, *source))
            self._demultiplex(data, size, arrivals)
        arrivals.flush()

    def _arrivals(self) -> Arrivals:
        """For what comes next; after ``close`` nothing more is handed over."""

        def on_ike(messages: list[tuple[bytes, Path]]) -> None:
            if self.is_open:
                self.on_ike(messages)

        def on_esp(packets: list[memoryview], path: Path) -> None:
            if self.is_open:
                self.on_esp(packets, path)

        return Arrivals(on_ike, on_esp)

    def _demultiplex(self, data: memoryview, size: int, arrivals: Arrivals) -> None:
        """Sort the datagrams of one read, each ``size`` octets and the last maybe shorter (RFC 3948)."""
        for start in range(0, len(data), size) if data else (0,):
            datagram = data[start : start + size]
            if datagram[:4] == NON_ESP_MARKER:
                arrivals.add_ike(bytes(datagram[4:]))
            elif len(datagram) >= len(NON_ESP_MARKER):
                if arrivals.messages:
                    arrivals.flush()
                arrivals.packets.append(datagram)
            elif datagram == KEEPALIVE:
                self.counters.keepalives += 1
                self._on_keepalive(arrivals.path)
            else:
                self.counters.malformed["natt"] += 1

    def _drain_esp(self, esp: socket.socket) -> None:
        arrivals = self._arrivals()
        arena, offset = self._arena, 0
        for _ in range(READS_PER_CALLBACK):
            try:
                length, source = esp.recvfrom_into(arena[offset:])
            except BlockingIOError:
                break
            except OSError as error:
                if self._sockets is None:  # closed by the receiver of what was read before
                    return
                self.counters.receive_errors[_name(error)] += 1
                continue
            if source != arrivals.source:
                arrivals.begin(source, Path(self.address, 0, source[0], 0))
            packet = esp_of_ipv4(arena[offset : offset + length])
            if packet is None:
                self.counters.malformed["esp"] += 1
                continue
            arrivals.packets.append(packet)
            offset += length
            if offset > _ARENA - _DATAGRAM:
                arrivals.flush()
                offset = 0
        arrivals.flush()


def _name(error: OSError) -> str:
    """``ECONNREFUSED`` rather than 111."""
    return errno.errorcode.get(error.errno or 0, str(error))
