"""Key Exchange payload (RFC 7296 section 3.4)."""

import pytest

from ike.codec import CodecError, KePayload
from ike.constants import DhGroup
from tests.ike.codec.wire import body, octets


def test_group_reserved_value() -> None:
    payload = KePayload(DhGroup.MODP_2048, b"public")
    assert payload.build() == octets("000e 0000") + b"public"
    assert KePayload.parse(body("000e 0000", b"public".hex())) == payload


def test_the_reserved_field_is_ignored() -> None:
    assert KePayload.parse(body("0014 ffff 01")) == KePayload(DhGroup.ECP_384, b"\x01")


def test_a_payload_without_its_four_octets_is_refused() -> None:
    with pytest.raises(CodecError, match="DH group number needs 4 octets, 3 left"):
        KePayload.parse(body("000e 00"))


def test_description_names_the_group() -> None:
    assert KePayload(24, bytes(256)).describe() == {
        "payload": "KE",
        "group": "MODP_2048_256",
        "octets": 256,
    }
    assert KePayload(999, b"").describe()["group"] == "DhGroup(999)"
