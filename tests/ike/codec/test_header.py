"""The IKE header (RFC 7296 section 3.1)."""

from dataclasses import replace

import pytest

from ike.codec import CodecError, Header, parse_header
from ike.constants import ExchangeType, HeaderFlag, PayloadType
from tests.ike.codec.wire import octets

WIRE = octets("0102030405060708", "1112131415161718", "21", "20", "22", "08", "00000005", "00000100")
HEADER = Header(
    spi_i=octets("0102030405060708"),
    spi_r=octets("1112131415161718"),
    exchange=ExchangeType.IKE_SA_INIT,
    flags=HeaderFlag.INITIATOR,
    message_id=5,
    next_payload=PayloadType.SA,
    length=256,
)


def test_fields_stand_where_rfc_7296_section_3_1_puts_them() -> None:
    assert parse_header(WIRE) == HEADER
    assert HEADER.build() == WIRE


def test_28_octets_are_needed_and_enough() -> None:
    assert parse_header(WIRE + b"more") == HEADER
    with pytest.raises(CodecError, match="IKE header needs 28 octets, 27 left"):
        parse_header(WIRE[:27])


def test_every_version_is_parsed() -> None:
    header = parse_header(WIRE[:17] + b"\x1f" + WIRE[18:])
    assert (header.major, header.minor) == (1, 15)


@pytest.mark.parametrize(
    ("flags", "initiator", "response"),
    [
        (0x00, False, False),
        (0x08, True, False),
        (0x20, False, True),
        (0x28, True, True),
        (0xD7, False, False),
    ],
)
def test_flags_tell_the_original_initiator_and_the_direction(
    *, flags: int, initiator: bool, response: bool
) -> None:
    header = replace(HEADER, flags=flags)
    assert (header.is_initiator, header.is_response) == (initiator, response)


def test_spis_of_another_size_are_not_built() -> None:
    with pytest.raises(CodecError, match="IKE SPIs of 8 and 4 octets, expected 8"):
        replace(HEADER, spi_r=bytes(4)).build()


def test_description() -> None:
    assert HEADER.describe() == {
        "spi_i": "0102030405060708",
        "spi_r": "1112131415161718",
        "version": "2.0",
        "exchange": "IKE_SA_INIT",
        "flags": ["INITIATOR"],
        "message_id": 5,
        "length": 256,
    }
