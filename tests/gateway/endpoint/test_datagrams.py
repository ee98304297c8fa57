"""What stands in datagrams, and what goes into one segmented send."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.endpoint.datagrams import MAX_SEGMENTS, MAX_UDP_PAYLOAD, esp_of_ipv4, runs


def sizes(*lengths: int) -> list[list[int]]:
    """Lengths of the packets in each run."""
    return [[len(packet) for packet in run] for _, run in runs([bytes(length) for length in lengths])]


def test_packets_of_one_size_make_one_run() -> None:
    assert sizes(100, 100, 100) == [[100, 100, 100]]


def test_a_shorter_packet_ends_its_run() -> None:
    assert sizes(100, 100, 60, 100) == [[100, 100, 60], [100]]


def test_a_longer_packet_begins_a_run() -> None:
    assert sizes(60, 100, 100) == [[60], [100, 100]]


def test_a_run_has_at_most_64_packets() -> None:
    assert [len(run) for run in sizes(*[100] * 130)] == [64, 64, 2]


def test_a_run_has_at_most_65507_octets() -> None:
    assert [len(run) for run in sizes(*[1400] * 47)] == [46, 1]


@given(st.lists(st.integers(1, 65_507), max_size=200))
def test_every_run_keeps_the_rules_of_a_segmented_send(lengths: list[int]) -> None:
    packets = [bytes(length) for length in lengths]
    cut = list(runs(packets))
    assert [len(packet) for packet in chain.from_iterable(run for _, run in cut)] == lengths
    for size, run in cut:
        assert all(len(packet) == size for packet in run[:-1])
        assert len(run[-1]) <= size
        assert len(run) <= MAX_SEGMENTS
        assert sum(map(len, run)) <= MAX_UDP_PAYLOAD


@pytest.mark.parametrize("words", [5, 6, 15])
def test_esp_begins_after_the_ipv4_header_and_its_options(words: int) -> None:
    header = bytes([0x40 | words]) + bytes(words * 4 - 1)
    assert bytes(esp_of_ipv4(memoryview(header + b"esp")) or b"") == b"esp"


@pytest.mark.parametrize("packet", [b"", bytes(19), b"\x44" + bytes(30), b"\x4f" + bytes(30)])
def test_a_packet_without_a_whole_ipv4_header_holds_no_esp(packet: bytes) -> None:
    assert esp_of_ipv4(memoryview(packet)) is None
