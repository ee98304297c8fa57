"""Reads of a TUN device with virtio-net headers become packets as a network card would send them."""

import struct

import pytest

from gateway.dataplane.offload import PLAIN, packets_of
from tests.gateway.dataplane.packets import DESTINATION, SOURCE, ipv4, naive_checksum, tcp

TIMESTAMPS = bytes.fromhex("0101080a0102030405060708")
CWR, PSH, FIN, ACK = 0x80, 0x08, 0x01, 0x10


def super_packet(
    payload: bytes,
    *,
    size: int,
    sequence: int = 1,
    flags: int = ACK,
    number: int = 1,
    options: bytes = b"",
    ip_options: bytes = b"",
) -> memoryview:
    """A read as the kernel gives it: TSO, and the TCP checksum field with the pseudo-header's sum only."""
    whole = tcp(
        payload, sequence=sequence, flags=flags, number=number, options=options, ip_options=ip_options
    )
    network, transport = 20 + len(ip_options), 20 + len(options)
    pseudo = SOURCE + DESTINATION + struct.pack("!HH", 6, transport + len(payload))
    partial = ~naive_checksum(pseudo) & 0xFFFF
    packet = bytearray(whole)
    struct.pack_into("!H", packet, network + 16, partial)
    header = struct.pack("=BBHHHH", 1, 1, network + transport, size, network, 16)
    return memoryview(header + packet)


def test_a_packet_that_needs_nothing_goes_through_as_it_is() -> None:
    packet = ipv4(b"anything")
    assert packets_of(memoryview(PLAIN + packet)) == [packet]


def test_an_unfinished_tcp_checksum_is_finished() -> None:
    read = bytearray(super_packet(b"odd", size=0))
    read[1] = 0
    assert packets_of(memoryview(read)) == [tcp(b"odd")]


def test_an_unfinished_udp_checksum_that_comes_out_as_zero_is_sent_as_ffff() -> None:
    # Ports and payload chosen so that the sum of all words is 0xffff (RFC 768).
    datagram = struct.pack("!HHHH", 1, 2, 10, 0) + struct.pack("!H", 0xFFFF - 13)
    read = struct.pack("=BBHHHH", 1, 0, 0, 0, 20, 6) + ipv4(datagram)
    (packet,) = packets_of(memoryview(read))
    assert packet[26:28] == b"\xff\xff"


@pytest.mark.parametrize("options", [b"", TIMESTAMPS], ids=["plain", "timestamps"])
@pytest.mark.parametrize("ip_options", [b"", b"\x94\x04\x00\x00"], ids=["no-ip-options", "router-alert"])
@pytest.mark.parametrize("length", [2999, 3000, 3001, 1001])
def test_a_super_packet_becomes_the_segments_that_tcp_would_have_sent(
    options: bytes, ip_options: bytes, length: int
) -> None:
    payload = bytes(range(251)) * 12
    payload = payload[:length]
    segments = packets_of(super_packet(payload, size=1000, options=options, ip_options=ip_options))
    assert segments == [
        tcp(
            payload[start : start + 1000],
            sequence=1 + start,
            number=1 + start // 1000,
            options=options,
            ip_options=ip_options,
        )
        for start in range(0, length, 1000)
    ]


def test_sequence_numbers_and_ids_wrap() -> None:
    segments = packets_of(super_packet(bytes(30), size=10, sequence=2**32 - 10, number=0xFFFF))
    assert segments == [
        tcp(bytes(10), sequence=2**32 - 10, number=0xFFFF),
        tcp(bytes(10), sequence=0, number=0),
        tcp(bytes(10), sequence=10, number=1),
    ]


def test_cwr_stays_on_the_first_segment_fin_and_psh_on_the_last() -> None:
    segments = packets_of(super_packet(bytes(30), size=10, flags=ACK | PSH | FIN | CWR))
    assert [segment[33] for segment in segments] == [ACK | CWR, ACK, ACK | PSH | FIN]
