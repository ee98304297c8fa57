"""Identification payloads (RFC 7296 section 3.5)."""

import pytest

from ike.codec import CodecError, IDiPayload, IDrPayload
from ike.constants import IdType, PayloadType
from ike.identification import Identification
from tests.ike.codec.wire import body, octets

ADDRESS = Identification.from_address("198.51.100.10")


def test_type_reserved_data() -> None:
    assert IDiPayload(ADDRESS).build() == octets("01 000000 c633640a")
    assert IDiPayload.parse(body("01 000000 c633640a")) == IDiPayload(ADDRESS)


def test_both_ends_have_a_payload_type_of_their_own() -> None:
    assert IDiPayload(ADDRESS).type == PayloadType.IDi
    assert IDrPayload(ADDRESS).type == PayloadType.IDr


def test_reserved_octets_do_not_change_the_identity() -> None:
    assert IDrPayload.parse(body("01 abcdef c633640a")) == IDrPayload(ADDRESS)


def test_reserved_octets_are_kept_because_auth_covers_them() -> None:
    assert IDrPayload.parse(body("01 abcdef c633640a")).build() == octets("01 abcdef c633640a")


def test_an_identity_may_be_empty() -> None:
    assert IDiPayload.parse(body("0b 000000")).identification == Identification(IdType.ID_KEY_ID, b"")


@pytest.mark.parametrize("wire", ["", "01", "01 0000"])
def test_a_payload_without_its_four_octets_is_refused(wire: str) -> None:
    with pytest.raises(CodecError):
        IDiPayload.parse(body(wire))


def test_description() -> None:
    assert IDiPayload(ADDRESS).describe() == {
        "payload": "IDi",
        "id_type": "ID_IPV4_ADDR",
        "identity": "198.51.100.10 (ID_IPV4_ADDR)",
    }
