"""What stands in the datagrams of UDP port 4500 and IP protocol 50, without sockets (RFC 3948).

0xff                               NAT keepalive (section 2.3)
00 00 00 00 | IKE message          the non-ESP marker (section 2.2)
SPI | sequence number | ...        ESP (section 2.1)
"""

from collections.abc import Iterator, Sequence

NON_ESP_MARKER = bytes(4)
"""In front of an IKE message on port 4500 (RFC 3948 section 2.2)."""
KEEPALIVE = b"\xff"
"""A NAT keepalive (RFC 3948 section 2.3)."""
MAX_UDP_PAYLOAD = 65_507
"""Octets: 65,535 less an IPv4 and a UDP header. A segmented send is bound by it as a whole."""
MAX_SEGMENTS = 64
"""Datagrams of one segmented send (UDP_MAX_SEGMENTS of Linux before 6.9)."""

_IPV4_MIN_HEADER = 20


def runs(packets: Sequence[bytes]) -> Iterator[tuple[int, Sequence[bytes]]]:
    """Cut packets, in order, into what one UDP_SEGMENT send carries: (segment size, packets).

    All packets of a run have the segment size, only its last one may be shorter.
    """
    start, count = 0, len(packets)
    while start < count:
        size = len(packets[start])
        limit = min(count, start + min(MAX_SEGMENTS, max(MAX_UDP_PAYLOAD // max(size, 1), 1)))
        end = start + 1
        while end < limit and len(packets[end]) == size:
            end += 1
        if end < limit and len(packets[end]) < size:
            end += 1
        yield size, packets[start:end]
        start = end


def esp_of_ipv4(packet: memoryview) -> memoryview | None:
    """The payload of a received IPv4 packet, None when it has no whole header (RFC 791 section 3.1)."""
    if len(packet) < _IPV4_MIN_HEADER:
        return None
    header = (packet[0] & 0x0F) * 4
    return packet[header:] if _IPV4_MIN_HEADER <= header <= len(packet) else None
