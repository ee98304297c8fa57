"""Traffic selectors: the service is route-based, so only any-to-any is agreed on (RFC 7296 section 2.9)."""

from collections.abc import Sequence
from ipaddress import IPv4Address

from ike.codec import Selector, TrafficSelector
from ike.constants import TsType

ANY_IPV4 = TrafficSelector(
    type=TsType.TS_IPV4_ADDR_RANGE,
    ip_protocol=0,
    start_port=0,
    end_port=0xFFFF,
    start=IPv4Address("0.0.0.0"),  # noqa: S104 - a selector, nothing is bound
    end=IPv4Address("255.255.255.255"),
)
"""0.0.0.0/0, any protocol, any port."""


def contains_any(offered: Sequence[Selector]) -> bool:
    """Whether one of the offered selectors is 0.0.0.0/0 for any protocol and port."""
    return ANY_IPV4 in offered


def text_of(selector: Selector) -> str:
    """One selector for people: ``10.1.0.0-10.1.0.255``, with protocol and ports where they are limited."""
    if not isinstance(selector, TrafficSelector):
        return f"selector of type {selector.type}"
    text = f"{selector.start}-{selector.end}"
    if selector.ip_protocol:
        text += f" protocol {selector.ip_protocol}"
    if (selector.start_port, selector.end_port) != (0, 0xFFFF):
        text += f" ports {selector.start_port}-{selector.end_port}"
    return text
