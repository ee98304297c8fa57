"""What the NAT box does to the octets of a packet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.lab.natbox.boxes import nat_box, outside, through, told
from tests.gateway.lab.natbox.packets import (
    CPE,
    GATEWAY,
    PUBLIC,
    SECOND,
    echo,
    ends,
    fragments,
    intact,
    ip,
    udp,
    unreachable,
)


@given(data=st.binary(max_size=200), port=st.integers(1, 65535), summed=st.booleans())
def test_checksums_fit_after_the_rewriting_there_and_back(data: bytes, port: int, *, summed: bool) -> None:
    box = nat_box("symmetric")
    (left,) = through(box, udp(CPE, port, GATEWAY, 500, data, summed=summed))
    assert intact(left)
    assert (left[26:28] == b"\0\0") is not summed
    (back,) = through(box, udp(GATEWAY, 500, PUBLIC, 40000, data, summed=summed), "in")
    assert intact(back)
    assert ends(back) == f"{GATEWAY}:500 > {CPE}:{port}"


@given(data=st.binary(max_size=120))
def test_no_octets_at_all_stop_the_box(data: bytes) -> None:
    box = nat_box("symmetric", drop="fragments,esp-in-udp")
    for direction in ("out", "in"):
        through(box, data, direction)


@given(head=st.binary(min_size=20, max_size=60), proto=st.sampled_from([1, 6, 17, 50]))
def test_no_body_of_a_packet_stops_the_box(head: bytes, proto: int) -> None:
    box = nat_box("static")
    through(box, ip(CPE, GATEWAY, proto, head))
    through(box, ip(GATEWAY, PUBLIC, proto, head), "in")


def test_both_fragments_of_a_packet_get_the_same_source_and_fit_together() -> None:
    whole = udp(CPE, 500, GATEWAY, 500, b"x" * 64)
    box = nat_box("rewrite-500")
    (first,), (second,) = (through(box, part) for part in fragments(whole, 32))
    assert first[12:16] == second[12:16]
    assert intact(ip(PUBLIC, GATEWAY, 17, first[20:] + second[20:]))


def test_fragments_that_arrive_reach_the_host_that_asked() -> None:
    box = nat_box("static")
    outside(box, 4500)
    whole = udp(GATEWAY, 4500, PUBLIC, 4500, b"x" * 64)
    (first,), (second,) = (through(box, part, "in") for part in fragments(whole, 32))
    assert first[16:20] == second[16:20]
    assert intact(ip(GATEWAY, CPE, 17, first[20:] + second[20:]))


def test_a_later_fragment_without_its_first_is_dropped() -> None:
    _, second = fragments(udp(CPE, 500, GATEWAY, 500, b"x" * 64), 32)
    box = nat_box("static")
    assert through(box, second) == []
    assert told(box)[-1][1]["packet"] == "a later fragment of UDP"


def test_echo_goes_out_and_comes_back() -> None:
    box = nat_box("static")
    (left,) = through(box, echo(CPE, GATEWAY, kind=8, ident=77))
    assert intact(left)
    (back,) = through(box, echo(GATEWAY, PUBLIC, kind=0, ident=77), "in")
    assert intact(back)
    assert back[16:20] == bytes([192, 168, 1, 2])


def test_two_hosts_that_ping_with_one_identifier_are_told_apart() -> None:
    box = nat_box("static")
    through(box, echo(CPE, GATEWAY, kind=8, ident=77))
    (left,) = through(box, echo(SECOND, GATEWAY, kind=8, ident=77))
    assert left[24:26] != b"\0\x4d"
    (back,) = through(box, echo(GATEWAY, PUBLIC, kind=0, ident=int.from_bytes(left[24:26])), "in")
    assert intact(back)
    assert (back[16:20], back[24:26]) == (bytes([192, 168, 1, 3]), b"\0\x4d")


def test_echo_to_the_router_s_own_address_is_left_to_the_router() -> None:
    packet = echo(GATEWAY, PUBLIC, kind=8, ident=1)
    assert through(nat_box("static"), packet, "in") == [packet]


def test_an_icmp_error_about_a_translated_packet_quotes_the_inside_host_s() -> None:
    box = nat_box("rewrite-500")
    (left,) = through(box, udp(CPE, 500, GATEWAY, 500, b"x" * 32))
    (error,) = through(box, unreachable(GATEWAY, PUBLIC, left), "in")
    assert intact(error)
    assert error[16:20] == bytes([192, 168, 1, 2])
    assert ends(error[28:]) == f"{CPE}:500 > {GATEWAY}:500"


def test_an_inside_host_s_icmp_error_quotes_the_outside_address() -> None:
    box = nat_box("rewrite-500")
    outside(box, 500)
    (back,) = through(box, udp(GATEWAY, 500, PUBLIC, 40000, b"x" * 32), "in")
    (error,) = through(box, unreachable(CPE, GATEWAY, back))
    assert intact(error)
    assert error[12:16] == bytes([198, 51, 100, 10])
    assert ends(error[28:]) == f"{GATEWAY}:500 > {PUBLIC}:40000"


def test_an_icmp_error_about_a_packet_of_nobody_is_dropped() -> None:
    stray = udp(PUBLIC, 9, GATEWAY, 9, b"x" * 32)
    assert through(nat_box("static"), unreachable(GATEWAY, PUBLIC, stray), "in") == []


def test_esp_goes_to_the_latest_host_that_sent_some_to_its_sender() -> None:
    box = nat_box("static")
    for host in (CPE, SECOND):
        (left,) = through(box, ip(host, GATEWAY, 50, b"\1" * 32))
        assert left[12:16] == bytes([198, 51, 100, 10])
    (back,) = through(box, ip(GATEWAY, PUBLIC, 50, b"\1" * 32), "in")
    assert back[16:20] == bytes([192, 168, 1, 3])


@pytest.mark.parametrize(("source", "destination"), [("10.9.9.9", GATEWAY), (CPE, SECOND)])
def test_what_is_not_from_inside_or_stays_inside_is_not_translated(source: str, destination: str) -> None:
    packet = udp(source, 500, destination, 500, b"data")
    assert through(nat_box("static"), packet) == [packet]


def test_of_a_drop_that_repeats_the_1st_2nd_4th_and_8th_are_told() -> None:
    box = nat_box("drop-4500")
    for _ in range(9):
        outside(box, 4500)
    assert [facts["count"] for _, facts in told(box)] == [1, 2, 4, 8]
