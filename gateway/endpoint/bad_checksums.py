"""Sees the IKE datagrams that the kernel drops without a word: those with a wrong UDP checksum (RFC 768).

A raw socket gets a copy of a datagram before UDP looks at it. One is opened only for as long as the kernel
counts wrong checksums, so that it costs nothing where there are none.
"""

import ctypes
import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from gateway.dataplane.checksum import checksum_of, word_sum
from gateway.endpoint.sockets import IKE_PORT

COUNTERS = Path("/proc/self/net/snmp")
"""The kernel's counters of this network namespace."""
_COUNTER = "InCsumErrors"

_SO_ATTACH_FILTER = 26
_FILTER = struct.Struct("HBBI")
_TO_IKE_PORT = (
    (0xB1, 0, 0, 0),  # X = length of the IP header
    (0x48, 0, 0, 2),  # A = destination port
    (0x15, 0, 1, IKE_PORT),
    (0x06, 0, 0, 0x40000),  # take it
    (0x06, 0, 0, 0),  # or not
)
_IPV4_HEADER, _UDP_HEADER = 20, 8
_DATAGRAM = 65_536
_NOT_SUMMED = 0
"""A datagram without a checksum (RFC 768)."""


@dataclass(frozen=True, kw_only=True)
class BadChecksum:
    """A datagram that the kernel dropped.

    Args:
        remote: ``address:port`` that it came from.
        local: ``address:port`` that it was sent to.
        carried: The checksum in it.
        computed: The one that it should have.
    """

    remote: str
    local: str
    carried: int
    computed: int


def wrong_checksums(counters: str) -> int:
    """How many UDP datagrams were dropped for their checksum.

    Args:
        counters: The text of ``COUNTERS``.
    """
    names, values = (line.split() for line in counters.splitlines() if line.startswith("Udp:"))
    return int(dict(zip(names, values, strict=True)).get(_COUNTER, 0))


def read(packet: bytes) -> BadChecksum | None:
    """What is wrong with the checksum of an IPv4 packet with UDP to the IKE port; None when nothing is.

    A datagram of this machine may arrive before anybody has computed its checksum: the sum of its pseudo
    header stands there then, and the kernel takes it.
    """
    header = (packet[0] & 15) * 4 if packet else 0
    if header < _IPV4_HEADER or len(packet) < header + _UDP_HEADER:
        return None
    source, destination, length, carried = struct.unpack_from("!4H", packet, header)
    datagram = packet[header : header + length]
    if destination != IKE_PORT or length < _UDP_HEADER or len(datagram) < length or carried == _NOT_SUMMED:
        return None
    pseudo = packet[12:20] + struct.pack("!HH", socket.IPPROTO_UDP, length)
    without = datagram[:6] + b"\0\0" + datagram[8:]
    computed = checksum_of(word_sum(pseudo + without))
    if carried in (computed, word_sum(pseudo)):
        return None
    return BadChecksum(
        remote=f"{IPv4Address(packet[12:16])}:{source}",
        local=f"{IPv4Address(packet[16:20])}:{destination}",
        carried=carried,
        computed=computed,
    )


def open_raw(address: str) -> socket.socket:
    """A socket with a copy of each datagram to UDP 500 of an address of this machine; raises ``OSError``."""
    program = b"".join(_FILTER.pack(*each) for each in _TO_IKE_PORT)
    kept = ctypes.create_string_buffer(program)
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    try:
        raw.setblocking(False)
        filtering = struct.pack("HP", len(_TO_IKE_PORT), ctypes.addressof(kept))
        raw.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filtering)
        raw.bind((address, 0))
    except OSError:
        raw.close()
        raise
    return raw


def receive(raw: socket.socket, most: int) -> list[BadChecksum]:
    """What came with a wrong checksum, of at most so many datagrams."""
    found = []
    for _ in range(most):
        try:
            bad = read(raw.recv(_DATAGRAM))
        except BlockingIOError:
            break
        if bad is not None:
            found.append(bad)
    return found
