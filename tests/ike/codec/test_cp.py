"""Configuration payload (RFC 7296 section 3.15)."""

import pytest

from ike.codec import CfgAttribute, CfgAttributeType, CfgType, CodecError, CpPayload
from tests.ike.codec.wire import body, octets

PAYLOAD = CpPayload(
    CfgType.CFG_REQUEST,
    (
        CfgAttribute(CfgAttributeType.INTERNAL_IP4_ADDRESS),
        CfgAttribute(CfgAttributeType.INTERNAL_IP4_DNS, octets("0a000001")),
    ),
)
WIRE = ("01 000000", "0001 0000", "0003 0004 0a000001")


def test_type_and_attributes() -> None:
    assert PAYLOAD.build() == octets(*WIRE)
    assert CpPayload.parse(body(*WIRE)) == PAYLOAD


def test_there_may_be_no_attribute() -> None:
    assert CpPayload.parse(body("04 000000")) == CpPayload(CfgType.CFG_ACK)


def test_reserved_bits_are_ignored() -> None:
    assert CpPayload.parse(body("01 abcdef", "8001 0000", "8003 0004 0a000001")) == PAYLOAD


@pytest.mark.parametrize(
    ("attribute", "complaint"),
    [
        ("0001", "configuration attribute needs 4 octets, 2 left"),
        ("0001 0004 0a", "configuration attribute value needs 4 octets, 1 left"),
    ],
)
def test_an_attribute_that_leaves_the_payload_is_refused(attribute: str, complaint: str) -> None:
    with pytest.raises(CodecError, match=complaint):
        CpPayload.parse(body("01 000000", attribute))


def test_256_attributes_are_accepted_and_no_more() -> None:
    assert len(CpPayload.parse(body("01 000000", "0001 0000" * 256)).attributes) == 256
    with pytest.raises(CodecError, match="more than 256 configuration attributes"):
        CpPayload.parse(body("01 000000", "0001 0000" * 257))


def test_description() -> None:
    assert PAYLOAD.describe() == {
        "payload": "CP",
        "cfg_type": "CFG_REQUEST",
        "attributes": [
            {"type": "INTERNAL_IP4_ADDRESS", "value": ""},
            {"type": "INTERNAL_IP4_DNS", "value": "0a000001"},
        ],
    }
