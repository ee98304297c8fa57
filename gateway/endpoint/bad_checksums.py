"""Sees the IKE datagrams that the kernel drops without a word: those with a wrong UDP checksum (RFC 768).

A raw socket gets a copy of a datagram before UDP looks at it. One is opened only for as long as the kernel
counts wrong checksums, so that it costs nothing where there are none.
"""

import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address

from gateway.dataplane.checksum import checksum_of, word_sum
from gateway.endpoint import bpf, kernel_counters
from gateway.endpoint.sockets import IKE_PORT

_COUNTER = "InCsumErrors"

_TO_IKE_PORT = (
    (bpf.X_IS_IPV4_HEADER_LENGTH, 0, 0, 0),
    (bpf.LOAD_HALF_BEHIND_X, 0, 0, 2),  # destination port
    (bpf.IF_EQUAL, 0, 1, IKE_PORT),
    (bpf.RETURN, 0, 0, 0x40000),  # all of it
    (bpf.RETURN, 0, 0, 0),
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
        counters: From ``kernel_counters.read``.
    """
    return kernel_counters.of("Udp", counters).get(_COUNTER, 0)


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
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    try:
        raw.setblocking(False)
        bpf.attach(raw, bpf.SO_ATTACH_FILTER, _TO_IKE_PORT)
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
