"""Where a packet came in (IP_PKTINFO, ip(7)): for datagrams, and for connections that were accepted.

Linux answers IP_PKTOPTIONS on an accepted TCP socket with the IP_PKTINFO of the packet that completed its
handshake. The listening socket must have IP_PKTINFO switched on; what it accepts inherits that.
"""

import socket
import struct
from asyncio.trsock import TransportSocket

IP_PKTINFO = 8
PKTINFO = struct.Struct("=i4s4s")
"""Interface index, local address, destination address of the header."""

_IP_PKTOPTIONS = 9
_CONTROL_HEADER = struct.Struct("@Nii")  # cmsghdr: length, level, type


def switch_on(sock: socket.socket) -> None:
    """Have the kernel tell where what ``sock`` receives, or accepts, came in."""
    sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)


def interface_of(accepted: TransportSocket) -> int:
    """The index of the interface through which an accepted connection was opened."""
    control = accepted.getsockopt(socket.IPPROTO_IP, _IP_PKTOPTIONS, socket.CMSG_SPACE(PKTINFO.size))
    interface: int = PKTINFO.unpack_from(control, _CONTROL_HEADER.size)[0]
    return interface
