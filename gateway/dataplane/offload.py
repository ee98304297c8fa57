"""Packets of a TUN device with virtio-net headers: finishes checksums, cuts TCP super-packets.

Source: the virtio specification, "Network Device", struct virtio_net_hdr, in the legacy 10-octet form that
Linux uses for TUN devices, fields in the machine's byte order.
"""

import struct
from functools import lru_cache

from gateway.dataplane.checksum import checksum_of, word_sum
from gateway.dataplane.tun import VNET_HEADER_LENGTH

_NEEDS_CSUM = 0x01
_GSO_NONE = 0
_GSO_TCPV4 = 1
_GSO_ECN = 0x80
_TCP = 6
_TCP_CHECKSUM = 16
_ONLY_FIRST = 0x80
_ONLY_LAST = 0x09
"""TCP flags: CWR stays on the first segment, FIN and PSH on the last."""
_MAX_ID = 0xFFFF
_MAX_SEQUENCE = 0xFFFFFFFF

_vnet = struct.Struct("=BBHHHH")
_word = struct.Struct("!H")

PLAIN = bytes(VNET_HEADER_LENGTH)
"""The header of a packet that needs nothing."""


def packets_of(read: memoryview) -> list[bytes]:
    """The IP packets in one read: a single one, or the segments of a TCP super-packet, all ready to be sent.

    Args:
        read: The virtio-net header and what follows it.
    """
    flags, gso_type, _header, gso_size, start, offset = _vnet.unpack_from(read)
    packet = bytes(read[VNET_HEADER_LENGTH:])
    if gso_type & ~_GSO_ECN == _GSO_TCPV4 and gso_size:
        return _segments(packet, gso_size)
    if flags & _NEEDS_CSUM and start + offset + 2 <= len(packet):
        return [_with_checksum(packet, start, start + offset)]
    return [packet]


def super_packet_header(network: int, transport: int, segment: int) -> bytes:
    """The header in front of a TCP super-packet whose checksum field holds the pseudo-header's sum.

    Args:
        network: Octets of the IPv4 header.
        transport: Octets of the TCP header.
        segment: Octets of payload in each segment but the last.
    """
    return _vnet.pack(_NEEDS_CSUM, _GSO_TCPV4, network + transport, segment, network, _TCP_CHECKSUM)


def _with_checksum(packet: bytes, start: int, field: int) -> bytes:
    """Finish a checksum: its field already holds the sum of the pseudo-header."""
    finished = bytearray(packet)
    _word.pack_into(finished, field, checksum_of(word_sum(packet[start:])))
    return bytes(finished)


Headers = struct.Struct
"""Layout of IPv4 and TCP headers of certain lengths, see ``headers_of``."""


@lru_cache(maxsize=64)
def headers_of(network: int, transport: int) -> Headers:
    """IPv4 and TCP headers of so many octets: the fields that differ between segments and the rest between.

    Version and service, total length, identification, flags to protocol, header checksum, addresses to ports,
    sequence number, acknowledgment and data offset, flags, window, checksum, urgent pointer and options.
    """
    return struct.Struct(f"!2sHH4sH{network - 8}sI5sB2sH{transport - 18}s")


def _segments(packet: bytes, size: int) -> list[bytes]:
    """Cut a TCP super-packet as a network card would: lengths, ids, sequence numbers, flags, checksums."""
    network = (packet[0] & 0x0F) * 4
    length = network + (packet[network + 12] >> 4) * 4
    headers = headers_of(network, length - network)
    (version, _, first_id, fragment, _, addresses, first_sequence, ack, flags, window, _, rest) = (
        headers.unpack(packet[:length])
    )
    # Everything that all segments share is summed once.
    network_sum = word_sum(version + fragment + addresses[:-4])
    pseudo_header_and_ports = addresses[:8] + addresses[-4:]
    transport_sum = word_sum(pseudo_header_and_ports + ack + b"\0" + window + rest) + _TCP
    segments = []
    last = len(packet) - size
    for number, start in enumerate(range(length, len(packet), size)):
        payload = packet[start : start + size]
        total = length + len(payload)
        identification = first_id + number & _MAX_ID
        sequence = first_sequence + start - length & _MAX_SEQUENCE
        kept = flags if start == length else flags & ~_ONLY_FIRST
        if start < last:
            kept &= ~_ONLY_LAST
        head = headers.pack(
            version,
            total,
            identification,
            fragment,
            checksum_of(network_sum + total + identification),
            addresses,
            sequence,
            ack,
            kept,
            window,
            checksum_of(transport_sum + total - network + sequence + kept + word_sum(payload)),
            rest,
        )
        segments.append(b"".join((head, payload)))
    return segments
