"""The sockets of an underlay address, with their options."""

import contextlib
import socket
import struct
from dataclasses import dataclass

from gateway.endpoint import queues
from gateway.endpoint.errors import EndpointError, endpoint_error

IKE_PORT = 500
NATT_PORT = 4500
"""UDP ports of IKE and of IKE behind a NAT (RFC 7296 section 2.23)."""
UDP_SEGMENT = 103
UDP_GRO = 104
"""Socket options and control messages of level SOL_UDP (Linux ``udp.h``)."""
RECEIVE_BUFFER = 4 << 20
"""Octets asked for: some 30 ms at 1 Gbit/s, the longest that other work of the event loop holds us up."""

_IP_MTU_DISCOVER = 10
_IP_PMTUDISC_DONT = 0
_SO_RCVBUFFORCE = 33
_gso_size = struct.Struct("i")


@dataclass(frozen=True)
class Sockets:
    """Non-blocking sockets, each bound to the same address.

    Args:
        ike: UDP port 500.
        natt: UDP port 4500, with UDP_GRO where the kernel has it.
        esp: Raw, IP protocol 50; received packets start with their IPv4 header.
        beside_ike: Further queues of UDP port 500, see ``gateway.endpoint.queues``; only for reading.
        beside_natt: Queues of UDP port 4500 for IKE, the last one for messages of known IKE SAs; only for
            reading.
    """

    ike: socket.socket
    natt: socket.socket
    esp: socket.socket
    beside_ike: tuple[socket.socket, ...] = ()
    beside_natt: tuple[socket.socket, ...] = ()

    @property
    def all(self) -> tuple[socket.socket, ...]:
        """Every one of them."""
        return self.ike, *self.beside_ike, self.natt, *self.beside_natt, self.esp

    def close(self) -> None:
        """Close all."""
        for each in self.all:
            each.close()


def open_sockets(address: str) -> Sockets:
    """Open and bind the sockets of one IPv4 address of this machine.

    Raises:
        EndpointError: One of them cannot be had; none stays open.
    """
    with contextlib.ExitStack() as opened:
        ike = opened.enter_context(_bound(address, IKE_PORT))
        sort = queues.first_requests_apart(IKE_PORT)
        beside_ike = queues.beside(ike, lambda: _bound(address, IKE_PORT, shared=True), sort)
        for each in beside_ike:
            opened.enter_context(each)
        natt = opened.enter_context(_bound(address, NATT_PORT))
        beside_natt = queues.beside(
            natt, lambda: _bound(address, NATT_PORT, shared=True), queues.IKE_APART_FROM_ESP
        )
        for each in beside_natt:
            opened.enter_context(each)
        for each in (natt, *beside_natt):
            with contextlib.suppress(OSError):  # before Linux 5.0 each datagram comes alone
                each.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)
        esp = opened.enter_context(_bound(address, None))
        opened.pop_all()
    return Sockets(ike, natt, esp, beside_ike, beside_natt)


def gro_size(ancillary: list[tuple[int, int, bytes]]) -> int:
    """Octets of each datagram in a merged read; 0 when it is a single one."""
    for level, kind, data in ancillary:
        if level == socket.IPPROTO_UDP and kind == UDP_GRO:
            size: int = _gso_size.unpack_from(data)[0]
            return size
    return 0


def _bound(address: str, port: int | None, *, shared: bool = False) -> socket.socket:
    """A UDP socket on a port, maybe shared with others of ours, or the raw ESP socket without a ``port``."""
    what = "IP protocol 50 (ESP)" if port is None else f"UDP port {port}"
    try:
        socket.inet_pton(socket.AF_INET, address)
    except OSError:
        raise EndpointError(
            f"{address!r} is not an IPv4 address: an address like 198.51.100.20 expected"
        ) from None
    opened = None
    try:
        if port is None:
            opened = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ESP)
        else:
            opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        _set_options(opened)
        if shared:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        opened.bind((address, port or 0))
    except OSError as error:
        if opened is not None:
            opened.close()
        raise endpoint_error(error, what, address) from error
    return opened


def _set_options(opened: socket.socket) -> None:
    """Non-blocking, outer packets may be fragmented, and room for a burst."""
    opened.setblocking(False)
    # Without DF a packet larger than the path's MTU is fragmented instead of lost without a word.
    opened.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _IP_PMTUDISC_DONT)
    try:
        opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
    except PermissionError:  # above net.core.rmem_max only with CAP_NET_ADMIN in the first user namespace
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
