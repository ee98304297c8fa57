"""A UDP socket that answers from whichever address was asked."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from ipaddress import IPv4Address

from gateway.edge.pktinfo import IP_PKTINFO, PKTINFO, switch_on
from gateway.edge.visit import Flow

Handler = Callable[[bytes, Flow], bytes | None]
"""Makes the reply to a datagram of a flow; None for silence."""

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
        switch_on(bound)
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
                    _MAX_DATAGRAM, socket.CMSG_SPACE(PKTINFO.size)
                )
            except BlockingIOError:
                return
            interface, _, destination = PKTINFO.unpack(ancillary[0][2])
            flow = Flow(
                source=IPv4Address(remote[0]), destination=IPv4Address(destination), interface=interface
            )
            reply = self._handler(data, flow)
            if reply is not None:
                self._send(reply, destination, remote)

    def _send(self, reply: bytes, local: bytes, remote: tuple[str, int]) -> None:
        """Send from ``local``; what cannot be sent is lost, as any datagram may be."""
        control = (socket.IPPROTO_IP, IP_PKTINFO, PKTINFO.pack(0, local, bytes(4)))
        with contextlib.suppress(OSError):
            self._socket.sendmsg([reply], [control], 0, remote)
