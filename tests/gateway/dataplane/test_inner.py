"""What counts as an IPv4 packet and as the beginning of a TCP connection."""

import pytest

from gateway.dataplane.inner import LONGEST_SYN, is_ipv4, is_tcp_syn
from tests.gateway.dataplane.packets import ipv4, tcp

SYN, SYN_ACK, RST, ECN_SYN = 0x02, 0x12, 0x04, 0xC2


@pytest.mark.parametrize("options", [b"", b"\x94\x04\x00\x00", bytes(40)])
def test_ipv4_with_and_without_options_is_ipv4(options: bytes) -> None:
    assert is_ipv4(ipv4(b"", options=options))


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(b"\x60" + bytes(39), id="IPv6"),
        pytest.param(b"\x44" + bytes(39), id="a header of 16 octets"),
        pytest.param(b"\x4f" + bytes(39), id="a header longer than the packet"),
        pytest.param(b"\x45" + bytes(18), id="19 octets"),
    ],
)
def test_anything_else_is_not(packet: bytes) -> None:
    assert not is_ipv4(packet)


@pytest.mark.parametrize("flags", [SYN, SYN_ACK, ECN_SYN])
@pytest.mark.parametrize("ip_options", [b"", bytes(40)])
@pytest.mark.parametrize("options", [b"", bytes(40)])
def test_a_syn_or_its_answer_opens_a_connection(flags: int, ip_options: bytes, options: bytes) -> None:
    packet = tcp(port=179, flags=flags, ip_options=ip_options, options=options)
    assert is_tcp_syn(packet)
    assert len(packet) <= LONGEST_SYN


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(tcp(port=179, flags=RST), id="RST"),
        pytest.param(tcp(port=179), id="ACK"),
        pytest.param(tcp(port=179, flags=SYN, fragment=0x0001), id="a later fragment"),
        pytest.param(tcp(port=179, flags=SYN)[:33], id="a cut header"),
        pytest.param(ipv4(tcp(port=179, flags=SYN)[20:], protocol=17), id="UDP"),
        pytest.param(ipv4(b"", protocol=6), id="no TCP header at all"),
    ],
)
def test_nothing_else_does(packet: bytes) -> None:
    assert not is_tcp_syn(packet)
