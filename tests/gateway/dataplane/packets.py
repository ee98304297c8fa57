"""Inner packets for tests, with checksums computed word by word."""

import struct

SOURCE, DESTINATION = bytes((10, 9, 0, 1)), bytes((10, 9, 0, 2))


def naive_checksum(data: bytes) -> int:
    """RFC 1071 section 4.1, as written there."""
    total = 0
    for at in range(0, len(data) - 1, 2):
        total += data[at] << 8 | data[at + 1]
    if len(data) % 2:
        total += data[-1] << 8
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(
    payload: bytes, *, protocol: int = 17, options: bytes = b"", number: int = 1, fragment: int = 0x4000
) -> bytes:
    """An IPv4 packet from ``SOURCE`` to ``DESTINATION``."""
    first = 0x45 + len(options) // 4
    length = 20 + len(options) + len(payload)
    head = struct.pack("!BBHHHBBH", first, 0, length, number, fragment, 64, protocol, 0)
    head += SOURCE + DESTINATION + options
    return head[:10] + naive_checksum(head).to_bytes(2, "big") + head[12:] + payload


def tcp(
    payload: bytes = b"",
    *,
    sequence: int = 1,
    flags: int = 0x10,
    port: int = 5001,
    ack: int = 7,
    window: int = 500,
    options: bytes = b"",
    number: int = 1,
    fragment: int = 0x4000,
    ip_options: bytes = b"",
) -> bytes:
    """A TCP segment in an IPv4 packet."""
    offset = (20 + len(options)) // 4 << 4
    head = struct.pack("!HHIIBBHHH", 4000, port, sequence % 2**32, ack, offset, flags, window, 0, 0) + options
    pseudo = SOURCE + DESTINATION + struct.pack("!HH", 6, len(head) + len(payload))
    checksum = naive_checksum(pseudo + head + payload).to_bytes(2, "big")
    segment = head[:16] + checksum + head[18:] + payload
    return ipv4(segment, protocol=6, number=number % 2**16, fragment=fragment, options=ip_options)
