"""Segments become super-packets only when cutting them again gives back the same segments."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dataplane.coalesce import writes_of
from gateway.dataplane.offload import PLAIN, packets_of
from tests.gateway.dataplane.packets import ipv4, tcp

TIMESTAMPS = bytes.fromhex("0101080a0102030405060708")
PSH, ACK = 0x08, 0x10


def segments(count: int = 5, size: int = 100, last: int = 100, **same: Any) -> list[bytes]:
    """Consecutive segments of one flow."""
    sizes = [size] * (count - 1) + [last]
    return [
        tcp(bytes([at]) * octets, sequence=1000 + at * size, number=50 + at, **same)
        for at, octets in enumerate(sizes)
    ]


def restored(packets: list[bytes]) -> list[bytes]:
    """What the kernel would make of the writes when it cuts them again."""
    return [packet for write in writes_of(packets) for packet in packets_of(memoryview(b"".join(write)))]


@pytest.mark.parametrize("last", [100, 99, 1])
@pytest.mark.parametrize("options", [b"", TIMESTAMPS], ids=["plain", "timestamps"])
def test_a_run_becomes_one_write_that_holds_the_same_segments(last: int, options: bytes) -> None:
    packets = segments(last=last, options=options)
    assert len(writes_of(packets)) == 1
    assert restored(packets) == packets


def test_a_run_ends_with_psh() -> None:
    packets = segments(3)
    packets[1] = tcp(bytes([1]) * 100, sequence=1100, number=51, flags=ACK | PSH)
    assert len(writes_of(packets)) == 2
    assert restored(packets) == packets


def test_a_run_ends_with_a_shorter_segment() -> None:
    packets = [*segments(3, last=50), tcp(bytes(100), sequence=1250, number=53)]
    assert [len(write) for write in writes_of(packets)] == [5, 2]
    assert restored(packets) == packets


def test_a_run_stays_below_64_kib() -> None:
    packets = segments(100, size=1400, last=1400)
    assert len(writes_of(packets)) == 3
    assert restored(packets) == packets


def test_sequence_numbers_wrap_inside_a_run() -> None:
    packets = [tcp(bytes(100), sequence=2**32 - 100, number=1), tcp(bytes(100), sequence=0, number=2)]
    assert len(writes_of(packets)) == 1
    assert restored(packets) == packets


BASE = tcp(bytes(100), sequence=1000, number=50)
NEXT: dict[str, Any] = {"sequence": 1100, "number": 51}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(tcp(bytes(100), sequence=1101, number=51), id="a gap"),
        pytest.param(tcp(bytes(100), sequence=1000, number=51), id="a retransmission"),
        pytest.param(tcp(bytes(100), **NEXT, port=5002), id="another port"),
        pytest.param(tcp(bytes(100), **NEXT, ack=8), id="another acknowledgment"),
        pytest.param(tcp(bytes(100), **NEXT, window=501), id="another window"),
        pytest.param(tcp(bytes(100), **NEXT, options=TIMESTAMPS), id="other options"),
        pytest.param(tcp(bytes(101), **NEXT), id="a longer segment"),
        pytest.param(tcp(b"", **NEXT), id="a bare acknowledgment"),
        pytest.param(tcp(bytes(100), **NEXT, flags=0x11), id="FIN"),
        pytest.param(tcp(bytes(100), **NEXT, flags=0x50), id="ECE"),
        pytest.param(tcp(bytes(100), **NEXT, fragment=0x2000), id="a fragment"),
        pytest.param(tcp(bytes(100), **NEXT, fragment=0), id="without DF"),
        pytest.param(tcp(bytes(100), **NEXT, ip_options=b"\x94\x04\x00\x00"), id="IP options"),
        pytest.param(ipv4(BASE[20:], number=51), id="another protocol"),
    ],
)
def test_what_tcp_would_not_have_cut_from_one_piece_is_not_joined(other: bytes) -> None:
    for packets in ([BASE, other], [other, BASE]):
        assert writes_of(packets) == [[PLAIN, packet] for packet in packets]


def test_without_df_the_ids_must_count_up() -> None:
    counted = [tcp(bytes(9), sequence=at * 9, number=5 + at, fragment=0) for at in range(2)]
    repeated = [tcp(bytes(9), sequence=at * 9, number=5, fragment=0) for at in range(2)]
    assert len(writes_of(counted)) == 1
    assert len(writes_of(repeated)) == 2


@pytest.mark.parametrize("damaged", [0, 1, 2])
@pytest.mark.parametrize("at", [8, 25, 60], ids=["ip-header", "tcp-header", "payload"])
def test_a_segment_with_a_wrong_checksum_goes_through_unjoined(damaged: int, at: int) -> None:
    packets = segments(3)
    wrong = bytearray(packets[damaged])
    wrong[at] ^= 0x01
    packets[damaged] = bytes(wrong)
    assert [PLAIN, packets[damaged]] in writes_of(packets)
    assert restored(packets) == packets


@given(st.data(), st.integers(1, 1400), st.integers(2, 12))
def test_any_content_survives_and_any_flipped_bit_of_a_payload_prevents_the_join(
    data: st.DataObject, size: int, count: int
) -> None:
    contents = [data.draw(st.binary(min_size=size, max_size=size)) for _ in range(count)]
    packets = [tcp(each, sequence=at * size, number=at) for at, each in enumerate(contents)]
    assert len(writes_of(packets)) == 1
    assert restored(packets) == packets
    damaged, octet = data.draw(st.integers(0, count - 1)), data.draw(st.integers(40, 39 + size))
    wrong = bytearray(packets[damaged])
    wrong[octet] ^= data.draw(st.sampled_from([1 << bit for bit in range(8)]))
    packets[damaged] = bytes(wrong)
    assert writes_of(packets) == [[PLAIN, packet] for packet in packets]


def test_other_packets_keep_their_order() -> None:
    packets = [ipv4(b"a"), *segments(2), ipv4(b"b"), *segments(2)]
    assert len(writes_of(packets)) == 4
    assert restored(packets) == packets
