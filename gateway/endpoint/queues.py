"""UDP port 500 in three queues, so that a flood of first requests fills its own and no other.

Three sockets share the port (SO_REUSEPORT), and for each datagram the kernel picks one by a classic BPF
program, which anybody may attach. All are read alike, in turn: where the kernel cannot sort, or a program
sorts wrongly, nothing but the separation is lost.

0  requests from another port than 500, which a NAT has rewritten, and anything else
1  IKE_SA_INIT requests as a CPE begins with
2  messages that name an IKE SA of ours, and IKE_SA_INIT requests that begin with a notification: a cookie
"""

import array
import contextlib
import socket
import struct
from collections.abc import Callable

from gateway.endpoint.errors import EndpointError

QUEUES = 3

_SO_ATTACH_REUSEPORT_CBPF = 51
_NOTIFY = 41
_LOAD_WORD, _LOAD_HALF, _LOAD_OCTET = 0x20, 0x28, 0x30
_IF_EQUAL, _RETURN = 0x15, 0x06
_NETWORK_HEADER = 0xFFF0_0000
"""Added to an offset that counts from the IPv4 header instead of the UDP payload."""


def beside(first: socket.socket, bound: Callable[[], socket.socket], port: int) -> tuple[socket.socket, ...]:
    """The queues beside the first, which must be bound; none where the kernel cannot sort.

    The first is bound without SO_REUSEPORT: so an address in use stays an error.

    Args:
        first: Queue 0.
        bound: Opens another socket that is bound to the same address and port.
        port: The source port that no NAT has rewritten: 500.
    """
    with contextlib.ExitStack() as opened, contextlib.suppress(OSError, EndpointError):
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        others = tuple(opened.enter_context(bound()) for _ in range(1, QUEUES))
        _attach(first, _program(port))
        opened.pop_all()
        return others
    return ()


def _program(port: int) -> list[tuple[int, int, int, int]]:
    """Picks a queue; a datagram that is too short for a load goes to queue 0."""
    return [
        # operation, lines to skip when true, when false, operand
        (_LOAD_WORD, 0, 0, 8),  # responder's SPI
        (_IF_EQUAL, 0, 7, 0),
        (_LOAD_WORD, 0, 0, 12),
        (_IF_EQUAL, 0, 5, 0),
        (_LOAD_OCTET, 0, 0, 16),  # type of the first payload
        (_IF_EQUAL, 3, 0, _NOTIFY),
        (_LOAD_HALF, 0, 0, _NETWORK_HEADER + 20),  # source port, behind an IPv4 header without options
        (_IF_EQUAL, 2, 0, port),
        (_RETURN, 0, 0, 0),
        (_RETURN, 0, 0, 2),
        (_RETURN, 0, 0, 1),
    ]


def _attach(member: socket.socket, program: list[tuple[int, int, int, int]]) -> None:
    code = array.array("B", b"".join(struct.pack("=HBBI", *line) for line in program))
    address, _ = code.buffer_info()
    member.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_REUSEPORT_CBPF, struct.pack("HP", len(program), address))
