"""Inner packets that ask the other end for a sign of life."""

import struct
from ipaddress import IPv4Address

from gateway.dataplane.checksum import checksum_of, word_sum

_ECHO_REQUEST = 8
_TTL = 64
_DATA = b"gsa-lab: does ESP pass?"


def echo_request(source: IPv4Address, destination: IPv4Address, number: int) -> bytes:
    """An IPv4 packet with an ICMP echo request (RFC 792); ``number`` is its sequence number."""
    body = struct.pack("!HH", 0, number) + _DATA
    icmp = struct.pack("!BBH", _ECHO_REQUEST, 0, 0) + body
    icmp = icmp[:2] + struct.pack("!H", checksum_of(word_sum(icmp))) + icmp[4:]
    header = struct.pack(
        "!BBHHHBBH4s4s",
        *(0x45, 0, 20 + len(icmp), 0, 0, _TTL, 1, 0),
        *(source.packed, destination.packed),
    )
    return header[:10] + struct.pack("!H", checksum_of(word_sum(header))) + header[12:] + icmp
