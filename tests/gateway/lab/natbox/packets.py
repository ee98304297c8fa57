"""IPv4 packets for the tests of the NAT box, made and checked without its code."""

import socket
import struct

CPE, SECOND, PUBLIC, GATEWAY = "192.168.1.2", "192.168.1.3", "198.51.100.10", "203.0.113.20"


def checksum(data: bytes) -> int:
    """RFC 1071; 0 over a buffer that holds its own correct one."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(source: str, destination: str, proto: int, body: bytes, *, ident: int = 1, flags: int = 0) -> bytes:
    """A packet; ``flags`` is the field of flags and fragment offset."""
    ends = socket.inet_aton(source) + socket.inet_aton(destination)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), ident, flags, 64, proto, 0) + ends
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def udp(source: str, sport: int, destination: str, dport: int, data: bytes, *, summed: bool = True) -> bytes:
    """A UDP packet, with a checksum or 0 in its place."""
    length = 8 + len(data)
    pseudo = socket.inet_aton(source) + socket.inet_aton(destination) + struct.pack("!HH", 17, length)
    head = struct.pack("!HHHH", sport, dport, length, 0)
    value = (checksum(pseudo + head + data) or 0xFFFF) if summed else 0
    return ip(source, destination, 17, head[:6] + struct.pack("!H", value) + data)


def echo(source: str, destination: str, *, kind: int, ident: int, data: bytes = b"ping") -> bytes:
    """An ICMP echo request (8) or reply (0)."""
    head = struct.pack("!BBHHH", kind, 0, 0, ident, 1)
    return ip(source, destination, 1, head[:2] + struct.pack("!H", checksum(head + data)) + head[4:] + data)


def unreachable(source: str, destination: str, about: bytes) -> bytes:
    """An ICMP error that quotes a packet."""
    head = struct.pack("!BBHHH", 3, 3, 0, 0, 0)
    quoted = about[:28]
    value = struct.pack("!H", checksum(head + quoted))
    return ip(source, destination, 1, head[:2] + value + head[4:] + quoted)


def fragments(packet: bytes, first: int) -> tuple[bytes, bytes]:
    """A packet in two fragments, with ``first`` octets, a multiple of 8, in the first."""
    source, destination = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
    body, proto = packet[20:], packet[9]
    return (
        ip(source, destination, proto, body[:first], ident=7, flags=0x2000),
        ip(source, destination, proto, body[first:], ident=7, flags=first // 8),
    )


def ends(packet: bytes) -> str:
    """``source:port > destination:port``."""
    sport, dport = struct.unpack("!HH", packet[20:24])
    return f"{socket.inet_ntoa(packet[12:16])}:{sport} > {socket.inet_ntoa(packet[16:20])}:{dport}"


def intact(packet: bytes) -> bool:
    """Whether the checksums of IP, and of UDP or ICMP where there is one, fit."""
    if checksum(packet[:20]):
        return False
    body, proto = packet[20:], packet[9]
    if proto == 1:
        return checksum(body) == 0
    if proto == 17 and body[6:8] != b"\0\0":
        return checksum(packet[12:20] + struct.pack("!HH", 17, len(body)) + body) == 0
    return True
