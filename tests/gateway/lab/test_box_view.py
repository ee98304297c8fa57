"""What a NAT box says, as lines."""

from typing import Any

from gateway.lab.box_view import box_lines
from tests.gateway.lab.natbox.boxes import nat_box, outside


def test_settings_mappings_and_what_did_not_pass_are_shown() -> None:
    box = nat_box("rewrite-500", impair={"loss": "10%", "delay": "40ms", "seed": "7"}, drop="udp-4500")
    outside(box, 500)
    outside(box, 4500)
    assert box_lines(box.status()) == [
        "nat      rewrite-500: 192.168.1.0/24 becomes 198.51.100.10, drop udp-4500",
        "line     10 % loss, 40 ms, seed 7",
        "mapping  UDP  192.168.1.2:500 → 198.51.100.10:40000, for 203.0.113.20:500",
        "passed   0 packets out, 0 in",
        "dropped  1 of IKE out: drops udp-4500",
    ]


def test_a_router_without_nat_says_so() -> None:
    status: dict[str, Any] = {
        "nat": None,
        "impair": None,
        "mappings": [],
        "passed": {"out": 1, "in": 2},
        "drops": [],
    }
    assert box_lines(status) == ["nat      none: addresses and ports stay", "passed   1 packets out, 2 in"]
