"""Chains of payloads (RFC 7296 sections 2.5 and 3.2)."""

import pytest

from ike.codec import (
    MAX_PAYLOADS,
    CodecError,
    EncryptedPayload,
    KePayload,
    NoncePayload,
    UnknownPayload,
    VendorPayload,
    build_payloads,
    parse_payloads,
)
from ike.constants import PayloadType
from tests.ike.codec.wire import octets

VENDOR_THEN_KE = ("22 00 0006 abcd", "00 00 0009 000e 0000 01")


def test_each_generic_header_names_the_next_payload() -> None:
    payloads = (VendorPayload(octets("abcd")), KePayload(14, b"\x01"))
    assert build_payloads(payloads) == (PayloadType.VENDOR, octets(*VENDOR_THEN_KE))
    assert parse_payloads(PayloadType.VENDOR, octets(*VENDOR_THEN_KE)) == payloads


def test_an_empty_chain_has_no_octets() -> None:
    assert build_payloads(()) == (PayloadType.NONE, b"")
    assert parse_payloads(PayloadType.NONE, b"") == ()


@pytest.mark.parametrize("bits", ["80", "ff"])
def test_the_critical_bit_of_a_known_payload_is_ignored(bits: str) -> None:
    assert parse_payloads(PayloadType.VENDOR, octets(f"00 {bits} 0004")) == (VendorPayload(b""),)


def test_the_critical_bit_is_built_for_unknown_payloads_only() -> None:
    _, chain = build_payloads((UnknownPayload(200, critical=True, body=b""), VendorPayload(b"")))
    assert chain == octets("2b 80 0004", "00 00 0004")


@pytest.mark.parametrize(
    ("first", "wire", "complaint"),
    [
        (0, "00", "message, octet 0: 1 octets after the end of the last payload"),
        (43, "00 00 0004 00", "VENDOR payload, octet 4: 1 octets after the end of the last payload"),
        (43, "", "VENDOR payload, octet 0: generic payload header needs 4 octets, 0 left"),
        (43, "00 00 0003", "VENDOR payload, octet 4: payload length 3, expected at least 4"),
        (43, "00 00 0005", "VENDOR payload, octet 4: payload body needs 1 octets, 0 left"),
        (43, "22 00 0004", "KE payload, octet 4: generic payload header needs 4 octets, 0 left"),
        (42, "00 00 0009 01 00 0000 ff", "DELETE payload, octet 8: 1 octets after the end of the payload's"),
    ],
)
def test_a_chain_fills_its_octets_exactly(first: int, wire: str, complaint: str) -> None:
    with pytest.raises(CodecError) as caught:
        parse_payloads(first, octets(wire))
    assert str(caught.value).startswith(complaint)


def test_64_payloads_are_accepted_and_no_more() -> None:
    first, chain = build_payloads([VendorPayload(b"")] * MAX_PAYLOADS)
    assert len(parse_payloads(first, chain)) == 64
    first, chain = build_payloads([VendorPayload(b"")] * (MAX_PAYLOADS + 1))
    with pytest.raises(CodecError, match="more than 64 payloads"):
        parse_payloads(first, chain)


@pytest.mark.parametrize("payload_type", [PayloadType.SK, PayloadType.SKF])
def test_an_encrypted_payload_inside_another_is_refused(payload_type: PayloadType) -> None:
    with pytest.raises(CodecError, match=f"{payload_type.name} payload, .*: inside an encrypted payload"):
        parse_payloads(payload_type, octets("00 00 0008 0001 0001"))


def test_no_payload_is_built_after_an_encrypted_one() -> None:
    with pytest.raises(CodecError, match="NONCE payload after it"):
        build_payloads((EncryptedPayload(PayloadType.IDi, b""), NoncePayload(bytes(16))))


def test_a_payload_longer_than_its_length_field_is_not_built() -> None:
    build_payloads([VendorPayload(bytes(65531))])
    with pytest.raises(CodecError, match="65536 octets, expected at most 65535"):
        build_payloads([VendorPayload(bytes(65532))])
