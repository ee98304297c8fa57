"""Joins consecutive TCP segments of one flow into super-packets for a TUN device with virtio-net headers.

The kernel takes the checksum of a super-packet as verified, so the segments' own are verified here first, as
a network card or the kernel's own receive offload would. Only what a sender could have cut from one
super-packet is joined; every other packet goes through as it is.

TCP checksums are verified for a run as a whole, with one division instead of one per segment: all sums are 0,
so their sum is. A damaged segment shows as it would alone, and then none of the run is joined. Two damages
that cancel pass, with the same odds, 1 in 65536, with which a single one passes its own checksum.
"""

from collections.abc import Callable, Sequence

from gateway.dataplane.checksum import checksum_of, word_sum
from gateway.dataplane.offload import PLAIN, Headers, headers_of, super_packet_header

_IPV4 = 20
_MIN_HEADERS = 40
_PLAIN_IPV4 = 0x45
_TCP = 6
_ACK, _PSH = 0x10, 0x08
_FRAGMENTED = 0x3F
_DONT_FRAGMENT = 0x40
_LARGEST = 0xFFFF
_MODULUS = 0xFFFF
_number: Callable[..., int] = int.from_bytes

Write = list[bytes]
"""Buffers of one ``writev``: the virtio-net header, then the packet in pieces."""


def writes_of(packets: Sequence[bytes]) -> list[Write]:
    """The writes that hand over packets in order.

    Args:
        packets: Whole IPv4 packets.
    """
    writes = []
    start, count = 0, len(packets)
    while start < count:
        run = _Run.starting_with(packets[start]) if start + 1 < count else None
        end = start + 1
        if run is not None:
            while end < count and run.take(packets[end]):
                end += 1
        if run is not None and end > start + 1 and run.is_intact():
            writes.append(run.write())
        else:
            writes += [[PLAIN, packet] for packet in packets[start:end]]
        start = end
    return writes


class _Run:
    """Segments of one flow that follow each other; begins with ``starting_with``."""

    def __init__(self, first: bytes, headers: Headers) -> None:
        version, _, number, fragment, _, addresses, sequence, ack, _, window, _, rest = headers.unpack_from(
            first
        )
        self._headers = headers
        self._first_id = self._next_id = number
        self._first_sequence = self._next_sequence = sequence
        self._same = (addresses, ack, window, rest, version, fragment)
        self._pseudo_sum = word_sum(addresses[:8]) + _TCP
        self._network_sum = word_sum(version + fragment + addresses[:8])
        self._segment = len(first) - headers.size
        self._length = headers.size
        self._flags = _ACK
        self._octets = 0
        self._payloads: list[bytes] = []

    @classmethod
    def starting_with(cls, packet: bytes) -> "_Run | None":
        """A run of this packet; None when nothing can be joined to it."""
        if (
            len(packet) <= _MIN_HEADERS
            or packet[0] != _PLAIN_IPV4
            or packet[9] != _TCP
            or packet[33] != _ACK
            or packet[6] & _FRAGMENTED
            or packet[7]
        ):
            return None
        transport = (packet[32] >> 4) * 4
        if transport < _MIN_HEADERS - _IPV4 or _IPV4 + transport >= len(packet):
            return None
        run = cls(packet, headers_of(_IPV4, transport))
        return run if run.take(packet) else None

    def take(self, packet: bytes) -> bool:
        """Append the packet if it continues the run."""
        size = self._headers.size
        payload = len(packet) - size
        if (
            self._flags & _PSH
            or not 0 < payload <= self._segment
            or (self._length - size) % self._segment
            or self._length + payload > _LARGEST
        ):
            return False
        version, total, number, fragment, checksum, addresses, sequence, ack, flags, window, _, rest = (
            self._headers.unpack_from(packet)
        )
        if (
            sequence != self._next_sequence
            or (addresses, ack, window, rest, version, fragment) != self._same
            or flags & ~_PSH != _ACK
            or (number != self._next_id and not fragment[0] & _DONT_FRAGMENT)
            or (self._network_sum + total + number + checksum) % _MODULUS
        ):
            return False
        self._octets += _number(packet, "little")
        self._payloads.append(packet[size:])
        self._length += payload
        self._flags = flags
        self._next_sequence = sequence + payload & 0xFFFFFFFF
        self._next_id = number + 1 & 0xFFFF
        return True

    def is_intact(self) -> bool:
        """Whether the TCP checksums are right; an IPv4 header, checked before, adds 0 to the sum."""
        count = len(self._payloads)
        lengths = self._length + (count - 1) * self._headers.size - count * _IPV4
        # Read as little-endian, see ``checksum``.
        return not ((self._octets << 8) + count * self._pseudo_sum + lengths) % _MODULUS

    def write(self) -> Write:
        """The super-packet of all that was taken."""
        addresses, ack, window, rest, version, fragment = self._same
        head = self._headers.pack(
            version,
            self._length,
            self._first_id,
            fragment,
            checksum_of(self._network_sum + self._length + self._first_id),
            addresses,
            self._first_sequence,
            ack,
            self._flags,
            window,
            (self._pseudo_sum + self._length - _IPV4) % _MODULUS,
            rest,
        )
        virtual = super_packet_header(_IPV4, self._headers.size - _IPV4, self._segment)
        return [virtual, head, *self._payloads]
