"""Traffic selectors: any-to-any or nothing (RFC 7296 section 2.9)."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

import pytest

from ike.codec import RawSelector, Selector, TrafficSelector
from ike.constants import TsType
from ike.selectors import ANY_IPV4, contains_any, text_of

LAN = replace(ANY_IPV4, start=IPv4Address("10.1.0.0"), end=IPv4Address("10.1.0.255"))
ANY_IPV6 = TrafficSelector(
    type=TsType.TS_IPV6_ADDR_RANGE,
    ip_protocol=0,
    start_port=0,
    end_port=0xFFFF,
    start=IPv6Address("::"),
    end=IPv6Address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
)


@pytest.mark.parametrize("selectors", [[ANY_IPV4], [LAN, ANY_IPV4], [ANY_IPV6, ANY_IPV4]])
def test_one_any_selector_is_enough(selectors: list[Selector]) -> None:
    assert contains_any(selectors)


@pytest.mark.parametrize(
    "selector",
    [
        LAN,
        ANY_IPV6,
        replace(ANY_IPV4, ip_protocol=17),
        replace(ANY_IPV4, start_port=1),
        replace(ANY_IPV4, end_port=0),
        replace(ANY_IPV4, start=IPv4Address("0.0.0.1")),
        RawSelector(9, 0, bytes(12)),
    ],
)
def test_anything_narrower_is_not_any(selector: Selector) -> None:
    assert not contains_any([selector])


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        (ANY_IPV4, "0.0.0.0-255.255.255.255"),
        (replace(LAN, ip_protocol=6), "10.1.0.0-10.1.0.255 protocol 6"),
        (
            replace(LAN, ip_protocol=6, start_port=80, end_port=81),
            "10.1.0.0-10.1.0.255 protocol 6 ports 80-81",
        ),
        (RawSelector(9, 0, b"x"), "selector of type 9"),
    ],
)
def test_a_selector_is_shown_with_protocol_and_ports_where_they_are_limited(
    selector: Selector, text: str
) -> None:
    assert text_of(selector) == text
