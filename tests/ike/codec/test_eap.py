"""Extensible Authentication payload (RFC 7296 section 3.16)."""

import pytest

from ike.codec import CodecError, EapCode, EapPayload
from tests.ike.codec.wire import body, octets

IDENTITY = EapPayload(EapCode.RESPONSE, 7, b"\x01branch")


def test_the_body_is_an_eap_message() -> None:
    assert IDENTITY.build() == octets("02 07 000b 01") + b"branch"
    assert EapPayload.parse(body("02 07 000b 01", b"branch".hex())) == IDENTITY


@pytest.mark.parametrize("length", ["000a", "000c", "0000"])
def test_its_length_must_be_that_of_the_body(length: str) -> None:
    with pytest.raises(CodecError, match=f"EAP length {int(length, 16)}, expected 11"):
        EapPayload.parse(body("02 07", length, "01", b"branch".hex()))


def test_only_requests_and_responses_have_an_eap_type() -> None:
    assert IDENTITY.eap_type == 1
    assert EapPayload(EapCode.SUCCESS, 8).eap_type is None
    assert EapPayload(EapCode.REQUEST, 8).eap_type is None


def test_the_data_is_shown_to_nobody() -> None:
    assert IDENTITY.describe() == {
        "payload": "EAP",
        "code": "RESPONSE",
        "identifier": 7,
        "eap_type": 1,
        "octets": 7,
    }
    assert "branch" not in repr(IDENTITY)
