"""IPv4 packets that are rewritten in place: addresses, ports and checksums (RFC 791, 768, 1624)."""

import struct
from ipaddress import IPv4Address

from gateway.dataplane.checksum import checksum_of, word_sum

ICMP, TCP, UDP, ESP = 1, 6, 17, 50
ECHO_REPLY, ECHO_REQUEST = 0, 8
ICMP_ERRORS = frozenset({3, 11, 12})
"""Destination unreachable, time exceeded, parameter problem: they quote the packet that they are about."""
IKE_PORT, NATT_PORT = 500, 4500
_HEADER = 20
_MORE_FRAGMENTS, _OFFSET = 0x2000, 0x1FFF
_CHECKSUM_AT = {UDP: 6, TCP: 16}
_ICMP_CHECKSUM_AT, _ICMP_ID_AT = 2, 4
NAMES = {ICMP: "ICMP", TCP: "TCP", UDP: "UDP", ESP: "ESP"}


def address(number: int) -> str:
    """Dotted, for people."""
    return str(IPv4Address(number))


def adjusted(checksum: int, old: bytes, new: bytes) -> int:
    """A checksum after ``old`` octets, an even number, became ``new`` (RFC 1624 equation 3)."""
    total = ~checksum & 0xFFFF
    for (was,), (now,) in zip(struct.iter_unpack("!H", old), struct.iter_unpack("!H", new), strict=True):
        total += (~was & 0xFFFF) + now
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Packet:
    """One IPv4 packet.

    Args:
        data: The octets, as a TUN device gives them.
        stale: Leave UDP checksums alone, as a broken NAT does.

    Raises:
        ValueError: It is no whole IPv4 packet.
    """

    __slots__ = ("data", "length", "proto", "stale")

    def __init__(self, data: bytes | bytearray, *, stale: bool = False) -> None:
        if len(data) < _HEADER or data[0] >> 4 != 4:  # noqa: PLR2004 - the version
            raise ValueError("no IPv4 packet")
        self.data = bytearray(data)
        self.length = (data[0] & 15) * 4
        if not _HEADER <= self.length <= len(data):
            raise ValueError("its header is cut short")
        self.proto = data[9]
        self.stale = stale

    @property
    def source(self) -> int:
        """Source address."""
        return int.from_bytes(self.data[12:16])

    @property
    def destination(self) -> int:
        """Destination address."""
        return int.from_bytes(self.data[16:20])

    @property
    def is_fragment(self) -> bool:
        """Whether it is any part of a fragmented packet."""
        return bool(self._flags & (_MORE_FRAGMENTS | _OFFSET))

    @property
    def begins(self) -> bool:
        """Whether the transport header is in it: it is whole, or a first fragment."""
        return not self._flags & _OFFSET

    @property
    def fragment_key(self) -> tuple[int, int, int, int]:
        """What the fragments of one packet have in common (RFC 791 section 3.2)."""
        return self.source, self.destination, self.proto, int.from_bytes(self.data[4:6])

    @property
    def _flags(self) -> int:
        return int.from_bytes(self.data[6:8])

    @property
    def payload(self) -> bytes:
        """What follows the IP header; of UDP, what follows the UDP header."""
        return bytes(self.data[self.length + (8 if self.proto == UDP else 0) :])

    @property
    def has_ports(self) -> bool:
        """Whether it carries the ports of UDP or TCP."""
        return self.proto in _CHECKSUM_AT and self.begins and len(self.data) >= self.length + 8

    @property
    def icmp_type(self) -> int | None:
        """The type, None for what is no ICMP."""
        if self.proto != ICMP or not self.begins or len(self.data) < self.length + 8:
            return None
        return self.data[self.length]

    @property
    def ports(self) -> tuple[int, int]:
        """Source and destination port; the identifier of an ICMP echo is the asking side's; else zeros."""
        at = self.length
        if self.has_ports:
            return int.from_bytes(self.data[at : at + 2]), int.from_bytes(self.data[at + 2 : at + 4])
        if self.icmp_type in {ECHO_REQUEST, ECHO_REPLY}:
            identifier = int.from_bytes(self.data[at + _ICMP_ID_AT : at + _ICMP_ID_AT + 2])
            return (identifier, 0) if self.icmp_type == ECHO_REQUEST else (0, identifier)
        return 0, 0

    @property
    def udp_checksum(self) -> int | None:
        """The field, None for what has none."""
        if self.proto != UDP or not self.has_ports:
            return None
        return int.from_bytes(self.data[self.length + 6 : self.length + 8])

    def set_source(self, host: int, port: int | None) -> None:
        """Rewrite the source, in the headers that are there."""
        self._rewrite(12, host, 0, port)

    def set_destination(self, host: int, port: int | None) -> None:
        """Rewrite the destination, in the headers that are there."""
        self._rewrite(16, host, 2, port)

    def _rewrite(self, host_at: int, host: int, port_at: int, port: int | None) -> None:
        old = bytes(self.data[host_at : host_at + 4])
        new = host.to_bytes(4)
        self._replace(host_at, new)
        self._adjust(10, old, new)
        if self.icmp_type in {ECHO_REQUEST, ECHO_REPLY} and port is not None:
            self._replace_with_checksum(_ICMP_ID_AT, port.to_bytes(2), _ICMP_CHECKSUM_AT)
        elif self.has_ports:
            self._transport(old, new)
            if port is not None:
                at = self.length + port_at
                was = bytes(self.data[at : at + 2])
                self._replace(at, port.to_bytes(2))
                self._transport(was, port.to_bytes(2))

    def _transport(self, old: bytes, new: bytes) -> None:
        """Adjust the checksum of UDP or TCP; UDP's 0 means there is none."""
        at = self.length + _CHECKSUM_AT[self.proto]
        if at + 2 > len(self.data):  # quoted in an ICMP error, and cut
            return
        if self.proto == UDP and (self.stale or self.data[at : at + 2] == b"\0\0"):
            return
        self._adjust(at, old, new)
        if self.proto == UDP and self.data[at : at + 2] == b"\0\0":
            self._replace(at, b"\xff\xff")

    def _replace_with_checksum(self, offset: int, new: bytes, checksum_offset: int) -> None:
        at = self.length + offset
        old = bytes(self.data[at : at + len(new)])
        self._replace(at, new)
        self._adjust(self.length + checksum_offset, old, new)

    def quoted(self) -> "Packet | None":
        """The packet that an ICMP error quotes, when it is long enough to be one."""
        try:
            return Packet(self.data[self.length + 8 :])
        except ValueError:
            return None

    def quote(self, inner: "Packet") -> None:
        """Put a rewritten quotation back."""
        at = self.length + 8
        self._replace(at, bytes(inner.data))
        self._replace(self.length + _ICMP_CHECKSUM_AT, b"\0\0")
        checksum = checksum_of(word_sum(bytes(self.data[self.length :])))
        self._replace(self.length + _ICMP_CHECKSUM_AT, checksum.to_bytes(2))

    def _replace(self, at: int, new: bytes) -> None:
        self.data[at : at + len(new)] = new

    def _adjust(self, at: int, old: bytes, new: bytes) -> None:
        checksum = adjusted(int.from_bytes(self.data[at : at + 2]), old, new)
        self._replace(at, checksum.to_bytes(2))
