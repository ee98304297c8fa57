"""Fuzzes ESP from the packet to the TUN device: opening, replay window, inner packets, joining of segments.

The first octet of the input chooses the transform (bit 0: NULL) and extended sequence numbers (bit 1). Each
step is a packet: bit 0 of its kind leaves the packet as it is, as an outsider would send it; else the content
is sealed with the right keys behind a sequence number (four octets, then the plaintext with its trailer).
"""

import hmac
from functools import cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.dataplane.checksum import word_sum
from gateway.dataplane.coalesce import writes_of
from gateway.dataplane.esp import InboundSa, OutboundSa
from gateway.dataplane.handshake import read_handshake
from gateway.dataplane.inner import is_ipv4
from gateway.dataplane.offload import packets_of
from gateway.dataplane.tunnel import Tunnel
from ike.child_sa import EspParameters
from ike.constants import Encr, Integ
from ike.path import Path
from tests.fuzz.harness import Harness
from tests.fuzz.records import Mutate, Step, decode, encode, mutated
from tests.gateway.dataplane.packets import ipv4, tcp

_PATH = Path("198.51.100.20", 4500, "203.0.113.10", 4500)
_SPI = 0x1001
_NULL, _ESN = 0x01, 0x02
_OUTSIDE = 0x01
_GCM_KEY, _HMAC_KEY = bytes(range(20)), bytes(range(32))


def parameters(mode: int) -> EspParameters:
    """A CHILD SA that sends to itself."""
    null = bool(mode & _NULL)
    encr_key, integ_key = (b"", _HMAC_KEY) if null else (_GCM_KEY, b"")
    return EspParameters(
        spi_in=_SPI,
        spi_out=_SPI,
        encr=Encr.NULL if null else Encr.AES_GCM_16,
        encr_key_bits=None if null else 128,
        integ=Integ.HMAC_SHA2_256_128 if null else None,
        encr_key_in=encr_key,
        integ_key_in=integ_key,
        encr_key_out=encr_key,
        integ_key_out=integ_key,
        esn=bool(mode & _ESN),
        udp_encapsulation=True,
        path=_PATH,
    )


def sealed(mode: int, sequence: int, plaintext: bytes) -> bytes:
    """A packet whose ICV is right, whatever its plaintext."""
    head = _SPI.to_bytes(4, "big") + sequence.to_bytes(4, "big")
    high = bytes(4) if mode & _ESN else b""
    if mode & _NULL:
        return head + plaintext + hmac.digest(_HMAC_KEY, head + plaintext + high, "sha256")[:16]
    iv = sequence.to_bytes(8, "big")
    return (
        head + iv + AESGCM(_GCM_KEY[:16]).encrypt(_GCM_KEY[16:] + iv, plaintext, head[:4] + high + head[4:])
    )


def check(data: bytes) -> None:
    """One input: all packets as one batch."""
    mode = data[0] & 3 if data else 0
    packets = [
        body if kind & _OUTSIDE else sealed(mode, int.from_bytes(body[:4], "big"), body[4:])
        for kind, body in decode(data[1:])
    ]
    packets = [packet for packet in packets if len(packet) >= 4]  # shorter ones end at the socket
    opened = _check_tunnel(mode, packets)
    _check_again(mode, opened)
    _check_writes(opened)


def _check_tunnel(mode: int, packets: list[bytes]) -> list[bytes]:
    dropped: list[int] = []
    tunnel = Tunnel(
        "branch/cpe/0",
        rate_mbps=None,
        now=0.0,
        on_drop=lambda _reason, _direction, _spi, count: dropped.append(count),
        on_tcp_syn=lambda _tunnel, _direction, packet: read_handshake(packet),
        on_moved=lambda _spi, _path: None,
    )
    child = tunnel.install(parameters(mode), None, now=0.0)
    once = tunnel.inbound(child, [memoryview(packet) for packet in packets], _PATH, 0.0)
    assert len(once) + sum(dropped) == len(packets)
    for packet in once:
        assert packet[0] >> 4 == 4
        assert int.from_bytes(packet[2:4], "big") == len(packet)
    taken = _taken_one_by_one(mode, packets)
    assert once == [inner for _, inner in taken if is_ipv4(inner)]
    again = [packet for packet, _ in taken] if mode & _ESN else packets
    assert tunnel.inbound(child, again, _PATH, 0.0) == []
    return once


def _taken_one_by_one(mode: int, packets: list[bytes]) -> list[tuple[bytes, bytes]]:
    """The packets that an SA of its own takes, and what is in them.

    With extended sequence numbers one that is refused may be taken later: what seemed to lie before the first
    packet of the SA lies ahead once the window has come near.
    """
    sa = InboundSa(parameters(mode))
    return [(packet, inner) for packet in packets for inner in sa.open([packet])]


def _check_again(mode: int, inner: list[bytes]) -> None:
    """What was let in can be sent, and is read as the same packets."""
    sa = parameters(mode)
    assert InboundSa(sa).open(OutboundSa(sa).seal(inner)) == inner


def _check_writes(inner: list[bytes]) -> None:
    """What the TUN device is given says the same; packets that are never fragmented may be numbered anew.

    TCP checksums are verified for a run as a whole, so wrong ones whose errors cancel are taken for right.
    """
    written = [packet for write in writes_of(inner) for packet in packets_of(memoryview(b"".join(write)))]
    assert len(written) == len(inner)
    for ours, theirs in zip(written, inner, strict=True):
        assert _comparable(ours, theirs) == _comparable(theirs, theirs)


def _comparable(packet: bytes, original: bytes) -> bytes:
    """A packet without what may differ from the original."""
    head, rest = packet[:12], packet[12:]
    if original[6] & 0x40:
        head = packet[:4] + packet[6:10]
    if _is_damaged_tcp(original):
        rest = packet[12:36] + packet[38:]
    return head + rest


def _is_damaged_tcp(packet: bytes) -> bool:
    """Whether it is TCP with a wrong checksum."""
    if len(packet) < 40 or packet[0] != 0x45 or packet[9] != 6:
        return False
    pseudo = packet[12:20] + b"\0\6" + (len(packet) - 20).to_bytes(2, "big")
    return bool((word_sum(pseudo) + word_sum(packet[20:])) % 0xFFFF)


@cache
def _seed_steps() -> list[Step]:
    segments = [
        tcp(bytes(100), sequence=1 + 100 * number, number=number, options=b"\1\1\x08\x0a" + bytes(8))
        for number in range(5)
    ]
    inner = [ipv4(b"hello"), *segments, tcp(flags=0x02, port=179), ipv4(bytes(64), protocol=1)]
    steps: list[Step] = []
    for sequence, packet in enumerate(inner, 1):
        pad = -(len(packet) + 2) % 4
        trailer = bytes(range(1, pad + 1)) + bytes([pad, 4])
        steps.append((0, sequence.to_bytes(4, "big") + packet + trailer))
    ipv6 = b"\x60" + bytes(3) + bytes(36)
    steps.append((0, b"\0\0\4\1" + ipv6 + b"\1\2\2\x29"))
    steps.append((0, b"\0\0\0\1" + b"\1\2\2\x3b"))
    steps.append((_OUTSIDE, _SPI.to_bytes(4, "big") + bytes(36)))
    return steps


def seeds() -> list[bytes]:
    """All kinds of packets in one batch, in each mode."""
    return [bytes([mode]) + encode(_seed_steps()) for mode in range(4)]


def mutate(data: bytes, most: int, seed: int, blind: Mutate) -> bytes:
    """Change the order of the packets, or one packet."""
    mode = data[:1] if seed % 16 else bytes([seed >> 4 & 3])
    return (mode + mutated(data[1:], seed, blind, pool=_seed_steps()))[:most]


HARNESS = Harness(name="esp", check=check, seeds=seeds, mutate=mutate)
