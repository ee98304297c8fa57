"""Notify payload (RFC 7296 section 3.10)."""

import pytest

from ike.codec import CodecError, NotifyPayload
from ike.constants import NotifyType, ProtocolId
from tests.ike.codec.wire import body, octets


def test_header_and_data() -> None:
    payload = NotifyPayload(NotifyType.COOKIE, b"cookie")
    assert payload.build() == octets("00 00 4006") + b"cookie"
    assert NotifyPayload.parse(body("00 00 4006", b"cookie".hex())) == payload


def test_an_spi_stands_between_header_and_data() -> None:
    payload = NotifyPayload(NotifyType.REKEY_SA, b"!", ProtocolId.ESP, octets("c0ffee01"))
    assert payload.build() == octets("03 04 4009 c0ffee01 21")
    assert NotifyPayload.parse(body("03 04 4009 c0ffee01 21")) == payload


def test_an_spi_that_leaves_the_payload_is_refused() -> None:
    with pytest.raises(CodecError, match="SPI needs 4 octets, 3 left"):
        NotifyPayload.parse(body("03 04 4009 c0ffee"))


def test_a_payload_without_its_four_octets_is_refused() -> None:
    with pytest.raises(CodecError, match="notify header needs 4 octets, 3 left"):
        NotifyPayload.parse(body("00 00 40"))


@pytest.mark.parametrize(("number", "error"), [(1, True), (8000, True), (16383, True), (16384, False)])
def test_types_below_16384_are_errors_known_or_not(*, number: int, error: bool) -> None:
    assert NotifyPayload(number).is_error is error


def test_description_names_the_sa_and_the_data() -> None:
    payload = NotifyPayload(NotifyType.CHILD_SA_NOT_FOUND, b"\x01", ProtocolId.ESP, octets("c0ffee01"))
    assert payload.describe() == {
        "payload": "NOTIFY",
        "type": "CHILD_SA_NOT_FOUND",
        "error": True,
        "protocol": "ESP",
        "spi": "c0ffee01",
        "data": "01",
    }


def test_description_decodes_the_group_that_was_wanted() -> None:
    facts = NotifyPayload(NotifyType.INVALID_KE_PAYLOAD, octets("000e")).describe()
    assert facts["wanted_group"] == "MODP_2048"


def test_description_decodes_the_payload_that_was_not_understood() -> None:
    facts = NotifyPayload(NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD, b"\x35").describe()
    assert facts["unsupported_payload"] == "SKF"


def test_description_of_an_unknown_type_has_its_number() -> None:
    assert NotifyPayload(40000).describe() == {
        "payload": "NOTIFY",
        "type": "NotifyType(40000)",
        "error": False,
    }
