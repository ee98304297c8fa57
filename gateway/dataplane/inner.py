"""What the dataplane looks at inside inner packets (RFC 791, RFC 9293)."""

PLAIN_IPV4 = 0x45
"""First octet of an IPv4 packet without options: nearly all of them, so callers check it first."""
LONGEST_SYN = 120
"""Octets of IPv4 and TCP headers with all options: a longer packet carries data and opens nothing."""

_IPV4_HEADER = 20
_TCP_HEADER = 20
_TCP = 6
_SYN = 0x02
_OFFSET_MASK = 0x1FFF


def is_ipv4(packet: bytes) -> bool:
    """Whether an IP packet is IPv4 with a whole header; its lengths were checked when ESP was opened."""
    header = (packet[0] & 0x0F) * 4
    return packet[0] >> 4 == PLAIN_IPV4 >> 4 and _IPV4_HEADER <= header <= len(packet)


def is_tcp_syn(packet: bytes) -> bool:
    """Whether an IPv4 packet opens a TCP connection or accepts one: SYN or SYN-ACK, not a later fragment."""
    if packet[9] != _TCP:
        return False
    header = (packet[0] & 0x0F) * 4
    return (
        len(packet) >= header + _TCP_HEADER
        and packet[header + 13] & _SYN != 0
        and not (packet[6] << 8 | packet[7]) & _OFFSET_MASK
    )
