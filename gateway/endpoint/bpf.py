"""Classic BPF programs for sockets, which anybody may attach (socket(7), SO_ATTACH_FILTER)."""

import array
import socket
import struct
from collections.abc import Sequence

SO_ATTACH_FILTER = 26
"""Decides which datagrams the socket gets: returns how many octets of each, 0 for none."""
SO_ATTACH_REUSEPORT_CBPF = 51
"""Decides which socket of those that share a port gets a datagram: returns its number."""

LOAD_WORD, LOAD_HALF, LOAD_OCTET = 0x20, 0x28, 0x30
LOAD_HALF_BEHIND_X, X_IS_IPV4_HEADER_LENGTH = 0x48, 0xB1
IF_EQUAL, RETURN = 0x15, 0x06

Instruction = tuple[int, int, int, int]
"""Operation, instructions to skip when true, when false, operand."""


def attach(to: socket.socket, option: int, program: Sequence[Instruction]) -> None:
    """Attach a program by one of the options above.

    Raises:
        OSError: The kernel refuses it.
    """
    code = array.array("B", b"".join(struct.pack("=HBBI", *each) for each in program))
    address, _ = code.buffer_info()  # the kernel copies what lies there during the call
    to.setsockopt(socket.SOL_SOCKET, option, struct.pack("HP", len(program), address))
