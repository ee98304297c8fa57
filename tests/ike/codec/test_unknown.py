"""Payloads of unknown type (RFC 7296 section 2.5)."""

import pytest

from ike.codec import UnknownPayload, parse_payloads
from ike.constants import PayloadType
from tests.ike.codec.wire import octets

NONCE = "00 00 0014" + "00" * 16


@pytest.mark.parametrize(("bits", "critical"), [("80", True), ("ff", True), ("00", False), ("7f", False)])
def test_the_critical_bit_is_kept_and_the_reserved_bits_are_not(*, bits: str, critical: bool) -> None:
    payloads = parse_payloads(200, octets(f"00 {bits} 0006 abcd"))
    assert payloads == (UnknownPayload(200, critical, octets("abcd")),)


def test_the_chain_goes_on_after_it() -> None:
    payloads = parse_payloads(200, octets("28 80 0004", NONCE))
    assert [payload.type for payload in payloads] == [200, PayloadType.NONCE]


def test_types_of_ikev1_are_unknown() -> None:
    assert parse_payloads(1, octets("00 00 0004")) == (UnknownPayload(1, critical=False, body=b""),)


def test_description() -> None:
    assert UnknownPayload(200, critical=True, body=b"ab").describe() == {
        "payload": "PayloadType(200)",
        "critical": True,
        "octets": 2,
    }
