"""One rule for each personality of the NAT box."""

import pytest

from tests.gateway.lab.natbox.boxes import answers, nat_box, outside, through, told
from tests.gateway.lab.natbox.packets import (
    CPE,
    GATEWAY,
    PUBLIC,
    SECOND,
    ends,
    fragments,
    intact,
    ip,
    udp,
)

INIT = b"\1" * 16 + bytes([33, 0x20, 34, 8]) + b"\0" * 8


def test_none_changes_nothing() -> None:
    packet = udp(CPE, 500, GATEWAY, 500, b"data")
    assert through(nat_box("none"), packet) == [packet]


def test_static_changes_the_address_and_keeps_the_port() -> None:
    assert outside(nat_box("static"), 500) == f"{PUBLIC}:500"


def test_static_gives_a_second_host_another_port() -> None:
    box = nat_box("static")
    assert outside(box, 500) == f"{PUBLIC}:500"
    assert outside(box, 500, host=SECOND) == f"{PUBLIC}:40000"


def test_rewrite_500_rewrites_source_port_500_alone() -> None:
    box = nat_box("rewrite-500")
    assert outside(box, 500) == f"{PUBLIC}:40000"
    assert outside(box, 4500) == f"{PUBLIC}:4500"


def test_rewrite_4500_rewrites_source_port_4500_alone() -> None:
    box = nat_box("rewrite-4500")
    assert outside(box, 500) == f"{PUBLIC}:500"
    assert outside(box, 4500) == f"{PUBLIC}:40000"


def test_symmetric_maps_each_destination_to_a_port_of_its_own() -> None:
    box = nat_box("symmetric")
    assert outside(box, 500) == f"{PUBLIC}:40000"
    assert outside(box, 4500) == f"{PUBLIC}:40001"
    assert outside(box, 4500, to=500) == f"{PUBLIC}:40002"
    assert outside(box, 500) == f"{PUBLIC}:40000"


def test_an_answer_reaches_the_host_that_asked() -> None:
    box = nat_box("symmetric")
    outside(box, 500)
    assert answers(box, 40000, of=500) == f"{CPE}:500"


def test_a_packet_from_a_port_that_nobody_sent_to_is_dropped() -> None:
    box = nat_box("static")
    outside(box, 500)
    assert answers(box, 500, of=4500) is None
    name, facts = told(box)[-1]
    assert (name, facts["reason"]) == ("nat_packet_dropped", "no mapping")


@pytest.mark.parametrize("port", [500, 4500])
def test_drop_personalities_drop_their_port_in_both_directions_and_no_other(port: int) -> None:
    box = nat_box(f"drop-{port}")
    assert outside(box, port) is None
    assert answers(box, port, of=port) is None
    assert outside(box, 5000 - port) is not None


def test_drop_fragments_drops_the_first_and_the_later_ones() -> None:
    whole = udp(CPE, 500, GATEWAY, 500, b"x" * 64)
    assert [through(nat_box("drop-fragments"), part) for part in fragments(whole, 32)] == [[], []]
    assert through(nat_box("drop-fragments"), whole) != []


def test_drop_esp_drops_protocol_50_but_not_esp_in_udp() -> None:
    box = nat_box("drop-esp")
    assert through(box, ip(CPE, GATEWAY, 50, b"\1" * 32)) == []
    assert through(box, udp(CPE, 4500, GATEWAY, 4500, b"\1" * 32)) != []


def test_drop_esp_in_udp_lets_ike_on_port_4500_pass() -> None:
    box = nat_box("drop-esp-in-udp")
    assert through(box, udp(CPE, 4500, GATEWAY, 4500, b"\1" * 32)) == []
    assert through(box, udp(CPE, 4500, GATEWAY, 4500, b"\0" * 4 + INIT)) != []


def test_drop_zero_checksum_drops_udp_without_a_checksum() -> None:
    box = nat_box("drop-zero-checksum")
    assert through(box, udp(CPE, 4500, GATEWAY, 4500, b"\1" * 32, summed=False)) == []
    assert through(box, udp(CPE, 4500, GATEWAY, 4500, b"\1" * 32)) != []


def test_bad_checksum_leaves_the_checksum_of_before_the_rewriting() -> None:
    packet = udp(CPE, 500, GATEWAY, 500, b"data")
    (left,) = through(nat_box("bad-checksum"), packet)
    assert ends(left) == f"{PUBLIC}:500 > {GATEWAY}:500"
    assert left[26:28] == packet[26:28]
    assert not intact(left)


def test_a_mapping_of_idle_30s_ends_after_30_seconds_without_a_packet() -> None:
    box = nat_box("idle-30s")
    outside(box, 4500, now=0.0)
    assert answers(box, 4500, of=4500, now=29.0) == f"{CPE}:4500"
    assert box.next_timer() == 59.0
    box.handle_timer(59.0)
    name, facts = told(box)[-1]
    assert (name, facts["idle"], facts["outside"]) == ("nat_mapping_expired", 30.0, f"{PUBLIC}:4500")
    assert answers(box, 4500, of=4500, now=59.5) is None


def test_the_idle_time_can_be_set() -> None:
    box = nat_box("static", idle="2s")
    outside(box, 4500, now=0.0)
    assert answers(box, 4500, of=4500, now=2.5) is None


def test_rebind_changes_every_mapping_every_30_seconds_and_answers_to_the_old_port_end() -> None:
    box = nat_box("rebind")
    outside(box, 4500, now=0.0)
    assert box.next_timer() == 30.0
    box.handle_timer(30.0)
    name, facts = told(box)[-1]
    assert (name, facts["was"], facts["outside"]) == (
        "nat_mapping_changed",
        f"{PUBLIC}:4500",
        f"{PUBLIC}:40000",
    )
    assert outside(box, 4500, now=31.0) == f"{PUBLIC}:40000"
    assert answers(box, 4500, of=4500, now=31.0) is None
    assert answers(box, 40000, of=4500, now=31.0) == f"{CPE}:4500"
    assert box.next_timer() == 60.0


def test_rebind_on_command_changes_the_mappings_of_any_personality() -> None:
    box = nat_box("static")
    outside(box, 4500)
    box.rebind()
    assert outside(box, 4500) == f"{PUBLIC}:40000"


def test_pin_500_keeps_port_500_for_the_first_host_and_drops_the_second_s() -> None:
    box = nat_box("pin-500")
    assert outside(box, 500) == f"{PUBLIC}:500"
    assert outside(box, 500, host=SECOND) is None
    assert told(box)[-1][1]["reason"] == f"port 500 is pinned to {CPE}"
    assert outside(box, 4500, host=SECOND) == f"{PUBLIC}:4500"


def test_steal_500_takes_port_500_from_the_first_host_for_the_second() -> None:
    box = nat_box("steal-500")
    outside(box, 500)
    assert outside(box, 500, host=SECOND) == f"{PUBLIC}:500"
    assert answers(box, 500, of=500) == f"{SECOND}:500"
    assert ("nat_mapping_stolen", SECOND) in [(name, facts.get("by")) for name, facts in told(box)]


def test_what_is_dropped_beside_the_personality_can_be_set() -> None:
    box = nat_box("rewrite-500", drop="udp-4500, fragments")
    assert outside(box, 4500) is None
    assert outside(box, 500) == f"{PUBLIC}:40000"
