"""The NAT box's records as lines for people."""

from typing import Any

import pytest

from gateway.lab.timeline_nat import box_step_of

MAPPING = {
    "node": "isp",
    "protocol": "UDP",
    "inside": "192.168.1.2:500",
    "outside": "198.51.100.10:40231",
    "remote": "203.0.113.20:500",
}
PACKET = {
    "node": "isp",
    "packet": "IKE_AUTH request 1",
    "reason": "lost",
    "destination": "203.0.113.20:4500",
    "count": 1,
}
LINES: list[tuple[str, dict[str, Any], str, str, bool]] = [
    (
        "nat_mapping_created",
        MAPPING,
        "mapping",
        "192.168.1.2:500 → 198.51.100.10:40231, for 203.0.113.20:500",
        True,
    ),
    (
        "nat_mapping_created",
        MAPPING | {"protocol": "ESP", "inside": "192.168.1.2", "outside": "198.51.100.10"},
        "mapping",
        "ESP 192.168.1.2 → 198.51.100.10, for 203.0.113.20:500",
        True,
    ),
    (
        "nat_mapping_changed",
        MAPPING | {"was": "198.51.100.10:500"},
        "mapping changed",
        "192.168.1.2:500 → 198.51.100.10:40231, before: 198.51.100.10:500",
        False,
    ),
    (
        "nat_mapping_expired",
        MAPPING | {"idle": 30.0},
        "mapping expired",
        "192.168.1.2:500 → 198.51.100.10:40231, idle for 30 s",
        False,
    ),
    (
        "nat_mapping_stolen",
        MAPPING | {"by": "192.168.1.3"},
        "mapping taken",
        "192.168.1.2:500 → 198.51.100.10:40231 is now 192.168.1.3's",
        False,
    ),
    (
        "nat_packet_dropped",
        PACKET | {"reason": "drops udp-4500", "count": 4},
        "dropped",
        "IKE_AUTH request 1, to 203.0.113.20:4500: drops udp-4500 (4 so far)",
        False,
    ),
    ("line_packet_lost", PACKET, "lost on the line", "IKE_AUTH request 1, to 203.0.113.20:4500", True),
    (
        "line_changed",
        {"node": "isp", "summary": "10 % loss", "settings": {}},
        "line changed",
        "10 % loss",
        True,
    ),
    (
        "nat_changed",
        {"node": "isp", "settings": {"toward": "x", "personality": "symmetric", "idle": "90s"}},
        "settings changed",
        "personality symmetric, idle 90s",
        True,
    ),
]


@pytest.mark.parametrize(("name", "data", "what", "detail", "good"), LINES, ids=[line[2] for line in LINES])
def test_a_record_of_the_box_is_one_line(
    name: str, data: dict[str, Any], what: str, detail: str, *, good: bool
) -> None:
    step = box_step_of({"id": 1, "time": 100.25, "name": name, "data": data}, 100.0)
    assert step is not None
    assert (step.ms, step.who, step.what, step.detail, step.good) == (250, "nat", what, detail, good)


def test_with_several_boxes_a_line_says_whose_it_is() -> None:
    step = box_step_of(
        {"id": 1, "time": 1.0, "name": "nat_mapping_created", "data": MAPPING}, 0.0, several=True
    )
    assert step is not None
    assert step.detail.startswith("isp: 192.168.1.2:500")


def test_a_record_that_is_no_step_has_no_line() -> None:
    assert box_step_of({"id": 1, "time": 1.0, "name": "other", "data": {}}, 0.0) is None
