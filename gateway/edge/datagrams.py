"""A UDP socket that answers from whichever address was asked (IP_PKTINFO, ip(7))."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from ipaddress import IPv4Address

Handler = Callable[[bytes, IPv4Address, IPv4Address], bytes | None]
"""Makes the reply to a datagram of source and destination; None for silence."""

_IP_PKTINFO = 8
_PKTINFO = struct.Struct("=i4s4s")  # interface index, local address, destination address of the header
_MAX_DATAGRAM = 4096
_MAX_BATCH = 32
"""Datagrams handled before the loop sees to other things."""


class DatagramServer:
    """Answers the datagrams of a socket on the running loop.

    Args:
        bound: A bound UDP socket; closed by ``close``.
        handler: Makes the replies.
    """

    def __init__(self, bound: socket.socket, handler: Handler) -> None:
        self._socket = bound
        self._handler = handler
        bound.setblocking(False)
        bound.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        asyncio.get_running_loop().add_reader(bound, self._drain)

    def close(self) -> None:
        """Stop answering and close the socket."""
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _drain(self) -> None:
        """Answer what has arrived, up to a batch of it."""
        for _ in range(_MAX_BATCH):
            try:
                data, ancillary, _, remote = self._socket.recvmsg(
                    _MAX_DATAGRAM, socket.CMSG_SPACE(_PKTINFO.size)
                )
            except BlockingIOError:
                return
            _, _, destination = _PKTINFO.unpack(ancillary[0][2])
            reply = self._handler(data, IPv4Address(remote[0]), IPv4Address(destination))
            if reply is not None:
                self._send(reply, destination, remote)

    def _send(self, reply: bytes, local: bytes, remote: tuple[str, int]) -> None:
        """Send from ``local``; what cannot be sent is lost, as any datagram may be."""
        control = (socket.IPPROTO_IP, _IP_PKTINFO, _PKTINFO.pack(0, local, bytes(4)))
        with contextlib.suppress(OSError):
            self._socket.sendmsg([reply], [control], 0, remote)
