"""Traffic Selector payloads (RFC 7296 section 3.13)."""

from ipaddress import IPv4Address, IPv6Address

import pytest

from ike.codec import CodecError, RawSelector, TrafficSelector, TSiPayload, TSrPayload
from ike.constants import PayloadType, TsType
from tests.ike.codec.wire import body, octets

LAN = TrafficSelector(
    TsType.TS_IPV4_ADDR_RANGE, 6, 80, 443, IPv4Address("10.1.0.0"), IPv4Address("10.1.255.255")
)
LAN_WIRE = "07 06 0010 0050 01bb 0a010000 0a01ffff"
ALL_IPV6 = TrafficSelector(TsType.TS_IPV6_ADDR_RANGE, 0, 0, 65535, IPv6Address("::"), IPv6Address(2**128 - 1))
ALL_IPV6_WIRE = "08 00 0028 0000 ffff" + "00" * 16 + "ff" * 16


def test_an_ipv4_range_has_16_octets() -> None:
    assert TSiPayload((LAN,)).build() == octets("01 000000", LAN_WIRE)
    assert TSiPayload.parse(body("01 000000", LAN_WIRE)) == TSiPayload((LAN,))


def test_an_ipv6_range_has_40_octets() -> None:
    assert TSrPayload((ALL_IPV6,)).build() == octets("01 000000", ALL_IPV6_WIRE)
    assert TSrPayload.parse(body("01 000000", ALL_IPV6_WIRE)) == TSrPayload((ALL_IPV6,))


def test_several_selectors_keep_their_order() -> None:
    payload = TSiPayload.parse(body("02 000000", ALL_IPV6_WIRE, LAN_WIRE))
    assert payload.selectors == (ALL_IPV6, LAN)


def test_both_sides_have_a_payload_type_of_their_own() -> None:
    assert TSiPayload((LAN,)).type == PayloadType.TSi
    assert TSrPayload((LAN,)).type == PayloadType.TSr


def test_the_reserved_field_is_ignored() -> None:
    assert TSiPayload.parse(body("01 abcdef", LAN_WIRE)) == TSiPayload((LAN,))


def test_a_selector_of_unknown_type_is_kept() -> None:
    wire = ("02 000000", "09 07 0006 aabb", LAN_WIRE)
    payload = TSiPayload.parse(body(*wire))
    assert payload.selectors == (RawSelector(9, 7, octets("aabb")), LAN)
    assert payload.build() == octets(*wire)


@pytest.mark.parametrize(
    ("wire", "complaint"),
    [
        (("00 000000",), "no traffic selector, expected at least one"),
        (("01 000000", LAN_WIRE, LAN_WIRE), "16 octets after the end of the last of 1 traffic selectors"),
        (("02 000000", LAN_WIRE), "traffic selector header needs 4 octets, 0 left"),
        (("01 000000", "07 00 0003"), "traffic selector length 3, expected at least 4"),
        (("01 000000", "07 00 000c 0000 ffff 0a010000"), "ending address needs 4 octets, 0 left"),
        (("01 000000", "07 00 0011 0000 ffff 0a010000 0a01ffff 00"), "1 octets after the end of the TS_IPV4"),
        (("01 000000", "08 00 0010 0000 ffff 0a010000 0a01ffff"), "starting address needs 16 octets, 8 left"),
    ],
)
def test_counts_and_lengths_must_be_right(wire: tuple[str, ...], complaint: str) -> None:
    with pytest.raises(CodecError, match=complaint):
        TSiPayload.parse(body(*wire))


def test_addresses_of_another_family_are_not_built() -> None:
    wrong = TrafficSelector(TsType.TS_IPV4_ADDR_RANGE, 0, 0, 0, IPv6Address("::1"), IPv6Address("::2"))
    with pytest.raises(CodecError, match="TS_IPV4_ADDR_RANGE from ::1 to ::2"):
        TSiPayload((wrong,)).build()


def test_description() -> None:
    assert TSrPayload((LAN, RawSelector(9, 0, b"\xaa"))).describe() == {
        "payload": "TSr",
        "selectors": [
            {
                "type": "TS_IPV4_ADDR_RANGE",
                "ip_protocol": 6,
                "ports": "80-443",
                "addresses": "10.1.0.0-10.1.255.255",
            },
            {"type": "TsType(9)", "body": "aa"},
        ],
    }
