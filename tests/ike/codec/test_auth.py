"""Authentication payload (RFC 7296 section 3.8)."""

import pytest

from ike.codec import AuthPayload, CodecError
from ike.constants import AuthMethod
from tests.ike.codec.wire import body, octets

PAYLOAD = AuthPayload(AuthMethod.SHARED_KEY_MIC, octets("a1b2c3d4"))


def test_method_reserved_data() -> None:
    assert PAYLOAD.build() == octets("02 000000 a1b2c3d4")
    assert AuthPayload.parse(body("02 000000 a1b2c3d4")) == PAYLOAD


def test_the_reserved_field_is_ignored() -> None:
    assert AuthPayload.parse(body("02 ffffff a1b2c3d4")) == PAYLOAD


def test_a_payload_without_its_four_octets_is_refused() -> None:
    with pytest.raises(CodecError, match="authentication method needs 4 octets, 3 left"):
        AuthPayload.parse(body("02 0000"))


def test_the_data_is_shown_to_nobody() -> None:
    assert PAYLOAD.describe() == {"payload": "AUTH", "method": "SHARED_KEY_MIC", "octets": 4}
    assert "a1" not in repr(PAYLOAD)
