"""UDP ports 500 and 4500 in three queues each, so that a flood of first requests fills its own and no other.

Three sockets share the port (SO_REUSEPORT), and for each datagram the kernel picks one by a classic BPF
program, which anybody may attach. All are read alike, in turn: where the kernel cannot sort, or a program
sorts wrongly, nothing but the separation is lost.

===== ================================================= ==========================================
queue port 500                                          port 4500
===== ================================================= ==========================================
0     requests from another port than 500, which a NAT  ESP in UDP, keepalives, and anything else
      has rewritten, and anything else
1     IKE_SA_INIT requests as a CPE begins with         the same
2     messages that name an IKE SA of ours, and         the same
      IKE_SA_INIT requests that begin with a
      notification: a cookie
===== ================================================= ==========================================
"""

import contextlib
import socket
from collections.abc import Callable, Sequence

from gateway.endpoint import bpf
from gateway.endpoint.errors import EndpointError

QUEUES = 3

_NOTIFY = 41
_NETWORK_HEADER = 0xFFF0_0000
"""Added to an offset that counts from the IPv4 header instead of the UDP payload."""


Program = Sequence[bpf.Instruction]
"""Picks a queue; a datagram that is too short for a load goes to queue 0."""

IKE_APART_FROM_ESP: Program = (
    (bpf.LOAD_WORD, 0, 0, 0),  # the non-ESP marker (RFC 3948 section 2.2), or an SPI of ESP
    (bpf.IF_EQUAL, 0, 8, 0),
    (bpf.LOAD_WORD, 0, 0, 12),  # responder's SPI
    (bpf.IF_EQUAL, 0, 5, 0),
    (bpf.LOAD_WORD, 0, 0, 16),
    (bpf.IF_EQUAL, 0, 3, 0),
    (bpf.LOAD_OCTET, 0, 0, 20),  # type of the first payload
    (bpf.IF_EQUAL, 1, 0, _NOTIFY),
    (bpf.RETURN, 0, 0, 1),
    (bpf.RETURN, 0, 0, 2),
    (bpf.RETURN, 0, 0, 0),
)
"""Sorts port 4500."""


def beside(
    first: socket.socket, bound: Callable[[], socket.socket], program: Program
) -> tuple[socket.socket, ...]:
    """The queues beside the first, which must be bound; none where the kernel cannot sort.

    The first is bound without SO_REUSEPORT: so an address in use stays an error.

    Args:
        first: Queue 0.
        bound: Opens another socket that is bound to the same address and port.
        program: Sorts the datagrams.
    """
    with contextlib.ExitStack() as opened, contextlib.suppress(OSError, EndpointError):
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        others = tuple(opened.enter_context(bound()) for _ in range(1, QUEUES))
        bpf.attach(first, bpf.SO_ATTACH_REUSEPORT_CBPF, program)
        opened.pop_all()
        return others
    return ()


def first_requests_apart(port: int) -> Program:
    """Sorts port 500.

    Args:
        port: The source port that no NAT has rewritten: 500.
    """
    return (
        (bpf.LOAD_WORD, 0, 0, 8),  # responder's SPI
        (bpf.IF_EQUAL, 0, 7, 0),
        (bpf.LOAD_WORD, 0, 0, 12),
        (bpf.IF_EQUAL, 0, 5, 0),
        (bpf.LOAD_OCTET, 0, 0, 16),  # type of the first payload
        (bpf.IF_EQUAL, 3, 0, _NOTIFY),
        (bpf.LOAD_HALF, 0, 0, _NETWORK_HEADER + 20),  # source port, behind an IPv4 header without options
        (bpf.IF_EQUAL, 2, 0, port),
        (bpf.RETURN, 0, 0, 0),
        (bpf.RETURN, 0, 0, 2),
        (bpf.RETURN, 0, 0, 1),
    )
