"""Datagrams that the kernel drops for their UDP checksum."""

import pytest
from scapy.layers.inet import IP, UDP
from scapy.packet import Raw

from gateway.endpoint.bad_checksums import BadChecksum, read, wrong_checksums

SNMP = """Ip: Forwarding DefaultTTL
Ip: 1 64
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors
Udp: 10 1 7 10 0 0 7 0 0
UdpLite: InDatagrams NoPorts InErrors
UdpLite: 0 0 0
"""


def packet(payload: bytes = b"IKE message", *, port: int = 500) -> bytes:
    """A right one, by scapy."""
    return bytes(IP(src="203.0.113.10", dst="198.51.100.20") / UDP(sport=500, dport=port) / Raw(payload))


def with_checksum(data: bytes, checksum: int) -> bytes:
    """The same with another checksum."""
    return data[:26] + checksum.to_bytes(2, "big") + data[28:]


def test_the_kernels_counter_is_found_by_its_name() -> None:
    assert wrong_checksums(SNMP) == 7


def test_a_kernel_without_the_counter_counts_nothing() -> None:
    assert wrong_checksums("Udp: InDatagrams\nUdp: 5\n") == 0


@pytest.mark.parametrize("payload", [b"even", b"odd", b"", bytes(1400)])
def test_a_right_checksum_is_nothing_to_tell(payload: bytes) -> None:
    assert read(packet(payload)) is None


def test_a_wrong_checksum_is_told_with_the_right_one() -> None:
    right = packet()
    computed = int.from_bytes(right[26:28], "big")
    assert read(with_checksum(right, computed ^ 0x0100)) == BadChecksum(
        remote="203.0.113.10:500",
        local="198.51.100.20:500",
        carried=computed ^ 0x0100,
        computed=computed,
    )


def test_an_address_that_was_changed_makes_the_checksum_wrong() -> None:
    right = packet()
    found = read(right[:12] + bytes([192, 168, 1, 2]) + right[16:])
    assert found is not None
    assert found.remote == "192.168.1.2:500"


def test_a_datagram_without_a_checksum_is_right() -> None:
    assert read(with_checksum(packet(), 0)) is None


def test_a_checksum_that_is_left_to_the_hardware_is_right() -> None:
    # The kernel writes the sum of the pseudo header, and has the rest added when it leaves the machine.
    length = len(packet()) - 20
    words = [0xCB00, 0x710A, 0xC633, 0x6414, 17, length]
    total = sum(words)
    assert read(with_checksum(packet(), (total & 0xFFFF) + (total >> 16))) is None


@pytest.mark.parametrize("data", [b"", packet()[:20], packet()[:30], packet(port=4500)])
def test_what_is_no_whole_datagram_to_the_ike_port_is_left_alone(data: bytes) -> None:
    assert read(data) is None


def test_ip_options_are_passed_over() -> None:
    longer = bytes(
        IP(src="203.0.113.10", dst="198.51.100.20", options=b"\x01" * 4) / UDP(sport=500, dport=500)
    )
    assert read(longer) is None
    assert read(longer[:30] + b"\x12\x34" + longer[32:]) is not None
