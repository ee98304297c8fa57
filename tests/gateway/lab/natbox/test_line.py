"""Impairments of a line: what a seed decides, and what each of them does."""

from itertools import pairwise

import pytest

from gateway.lab.natbox.box import Direction
from gateway.lab.natbox.kind import Kind
from gateway.lab.natbox.line import LATE, QUEUE, Line
from gateway.lab.natbox.settings import change_impairments, read_impairments
from gateway.lab.scenario import load
from tests.gateway.lab.natbox.boxes import nat_box, through, told
from tests.gateway.lab.natbox.packets import CPE, GATEWAY, ends, udp


def line(direction: str = "out", **impair: str) -> Line:
    return Line(read_impairments({"toward": "internet", **impair}), direction)


def lost(of: Line, kind: Kind = Kind.ESP, count: int = 500) -> list[int]:
    return [n for n in range(count) if not of.fate(kind, 100, float(n)).due]


def test_the_same_seed_loses_the_same_packets_and_another_seed_others() -> None:
    assert lost(line(loss="10%", seed="7")) == lost(line(loss="10%", seed="7"))
    assert lost(line(loss="10%", seed="7")) != lost(line(loss="10%", seed="8"))


def test_the_two_directions_lose_different_packets() -> None:
    assert lost(line("out", loss="10%")) != lost(line("in", loss="10%"))


def test_about_as_many_are_lost_as_is_said() -> None:
    assert 60 <= len(lost(line(loss="10%"), count=1000)) <= 140


def test_what_of_ike_is_lost_does_not_depend_on_how_much_esp_passes() -> None:
    alone, mixed = line(loss="10%"), line(loss="10%")
    fates = []
    for n in range(200):
        for _ in range(n % 5):
            mixed.fate(Kind.ESP, 100, 0.0)
        fates.append(bool(mixed.fate(Kind.IKE, 100, 0.0).due))
    assert [n for n, arrives in enumerate(fates) if not arrives] == lost(alone, Kind.IKE, 200)


def test_changing_the_delay_does_not_change_what_is_lost() -> None:
    assert lost(line(loss="10%")) == lost(line(loss="10%", delay="1s", jitter="1s", reorder="50%"))


def test_a_line_that_is_changed_goes_on_where_it_was() -> None:
    changed, steady = line(loss="10%"), line(loss="10%")
    before = lost(changed, count=100), lost(steady, count=100)
    changed.change(change_impairments(read_impairments({"toward": "x", "loss": "10%"}), {"delay": "5ms"}))
    assert before[0] == before[1]
    assert lost(changed, count=100) == lost(steady, count=100)


def test_another_seed_begins_anew() -> None:
    changed = line(loss="10%", seed="1")
    lost(changed, count=50)
    changed.change(read_impairments({"toward": "x", "loss": "10%", "seed": "2"}))
    assert lost(changed, count=100) == lost(line(loss="10%", seed="2"), count=100)


def test_delay_holds_a_packet_back() -> None:
    assert line(delay="40ms").fate(Kind.IKE, 100, 10.0).due == (10.04,)


def test_jitter_varies_the_delay_within_its_bounds_and_keeps_the_order() -> None:
    jittery = line(delay="40ms", jitter="5ms")
    due = [jittery.fate(Kind.ESP, 100, n * 0.001).due[0] - n * 0.001 for n in range(200)]
    assert min(due) < 0.038
    assert max(due) > 0.042
    again = line(delay="40ms", jitter="5ms")
    arrivals = [again.fate(Kind.ESP, 100, n * 0.001).due[0] for n in range(200)]
    assert arrivals == sorted(arrivals)


def test_a_duplicate_arrives_twice() -> None:
    assert line(duplicate="100%").fate(Kind.ESP, 100, 1.0).due == (1.0, 1.0)


def test_a_reordered_packet_is_passed_by_those_behind() -> None:
    mixed = line(reorder="30%")
    due = [mixed.fate(Kind.ESP, 100, n * 0.001).due[0] for n in range(100)]
    assert any(first > second for first, second in pairwise(due))
    late = [d - n * 0.001 for n, d in enumerate(due) if d - n * 0.001 >= LATE]
    assert 15 <= len(late) <= 45


def test_bandwidth_spaces_packets_and_a_full_queue_drops() -> None:
    narrow = line(bandwidth="80kbit")
    fates = [narrow.fate(Kind.ESP, 1000, 0.0) for _ in range(6)]
    assert [fate.due for fate in fates[:3]] == [(0.1,), (0.2,), (pytest.approx(0.3),)]
    assert fates[3].overflow
    assert QUEUE < 0.3


def test_packets_wait_in_the_box_until_they_are_due() -> None:
    box = nat_box("static", impair={"delay": "40ms"})
    packet = udp(CPE, 500, GATEWAY, 500, b"data")
    assert through(box, packet, now=1.0) == []
    assert box.next_timer() == pytest.approx(1.04)
    box.handle_timer(1.04)
    assert [ends(data) for data, _ in box.packets_to_send()] == ["198.51.100.10:500 > 203.0.113.20:500"]


def test_a_lost_packet_is_told_with_what_it_was() -> None:
    box = nat_box("static", impair={"loss": "100%"})
    message = b"\1" * 16 + bytes([33, 0x20, 34, 8]) + b"\0" * 8
    assert through(box, udp(CPE, 500, GATEWAY, 500, message)) == []
    name, facts = told(box)[-1]
    assert (name, facts["packet"]) == ("line_packet_lost", "IKE_SA_INIT request 0")


def test_the_lossy_line_scenario_loses_ike_auth_but_never_a_packet_and_soon_its_repetition() -> None:
    impair = load("lossy-line").topology().nodes["isp"].impair
    assert impair is not None
    ways = {way: Line(impair, way) for way in Direction}
    assert lost(ways[Direction.OUT], Kind.IKE, 12) == [1]
    assert lost(ways[Direction.IN], Kind.IKE, 12) == []
    esp = sorted(n for each in ways.values() for n in lost(each, Kind.ESP, 80))
    assert len(esp) >= 4
    assert min(later - sooner for sooner, later in pairwise(esp)) >= 6
