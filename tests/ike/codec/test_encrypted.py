"""Encrypted payloads (RFC 7296 section 3.14, RFC 7383 section 2.5)."""

from dataclasses import replace

import pytest

from ike.codec import (
    CodecError,
    EncryptedFragmentPayload,
    EncryptedPayload,
    Header,
    build_message,
    fragment_prefix,
)
from ike.constants import PayloadType
from tests.ike.codec.wire import body, octets


def test_the_body_of_sk_is_kept_whole() -> None:
    payload = EncryptedPayload.parse(body("a1b2c3"), PayloadType.IDi, 28)
    assert payload == EncryptedPayload(PayloadType.IDi, octets("a1b2c3"))
    assert payload.offset == 28
    assert payload.build() == octets("a1b2c3")


def test_a_fragment_starts_with_its_number_and_the_total() -> None:
    payload = EncryptedFragmentPayload(PayloadType.NONE, 2, 3, octets("a1b2c3"))
    assert payload.build() == octets("0002 0003 a1b2c3")
    assert EncryptedFragmentPayload.parse(body("0002 0003 a1b2c3"), PayloadType.NONE, 28) == payload


@pytest.mark.parametrize(
    ("wire", "complaint"), [("0000 0001", "0 of 1"), ("0004 0003", "4 of 3"), ("00000000", "0 of 0")]
)
def test_fragment_numbers_that_cannot_be_are_refused(wire: str, complaint: str) -> None:
    with pytest.raises(CodecError, match=f"fragment {complaint}"):
        EncryptedFragmentPayload.parse(body(wire), PayloadType.IDi, 28)


def test_a_fragment_without_its_numbers_is_refused() -> None:
    with pytest.raises(CodecError, match="fragment numbers needs 4 octets, 3 left"):
        EncryptedFragmentPayload.parse(body("000100"), PayloadType.IDi, 28)


def test_description() -> None:
    assert EncryptedPayload(PayloadType.IDi, bytes(40)).describe() == {
        "payload": "SK",
        "first_inner": "IDi",
        "octets": 40,
    }
    assert EncryptedFragmentPayload(PayloadType.IDi, 1, 3, bytes(40)).describe() == {
        "payload": "SKF",
        "first_inner": "IDi",
        "fragment": 1,
        "fragments": 3,
        "octets": 40,
    }


def test_the_prefix_of_a_fragment_is_what_the_whole_message_starts_with() -> None:
    header = Header(spi_i=bytes(7) + b"i", spi_r=bytes(7) + b"r", exchange=35, flags=8, message_id=1)
    fragment = EncryptedFragmentPayload(PayloadType.IDi, 1, 3, b"")
    whole = build_message(header, [replace(fragment, body=octets("a1b2c3"))])
    assert fragment_prefix(header, fragment, 3) + octets("a1b2c3") == whole
