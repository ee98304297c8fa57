"""Delete payload (RFC 7296 section 3.11)."""

import pytest

from ike.codec import CodecError, DeletePayload
from ike.constants import ProtocolId
from tests.ike.codec.wire import body, octets

TWO = DeletePayload(ProtocolId.ESP, 4, (octets("c0ffee01"), octets("c0ffee02")))


def test_esp_spis_have_four_octets() -> None:
    assert TWO.build() == octets("03 04 0002 c0ffee01 c0ffee02")
    assert DeletePayload.parse(body("03 04 0002 c0ffee01 c0ffee02")) == TWO


@pytest.mark.parametrize("count", ["0000", "0001"])
def test_the_ike_sa_is_deleted_without_an_spi(count: str) -> None:
    assert DeletePayload.parse(body("01 00", count)) == DeletePayload(ProtocolId.IKE, 0)
    assert DeletePayload(ProtocolId.IKE, 0).build() == octets("01 00 0000")


@pytest.mark.parametrize(
    ("wire", "complaint"),
    [
        ("01 08 0001 0102030405060708", "IKE SPI of 8 octets, expected 0"),
        ("03 00 0000", "ESP SPI of 0 octets, expected 4"),
        ("02 08 0001 0102030405060708", "AH SPI of 8 octets, expected 4"),
    ],
)
def test_an_spi_has_the_size_of_its_protocol(wire: str, complaint: str) -> None:
    with pytest.raises(CodecError, match=complaint):
        DeletePayload.parse(body(wire))


def test_fewer_spis_than_announced_are_refused() -> None:
    with pytest.raises(CodecError, match="SPI needs 4 octets, 0 left"):
        DeletePayload.parse(body("03 04 0002 c0ffee01"))


def test_an_spi_of_another_size_is_not_built() -> None:
    with pytest.raises(CodecError, match="an SPI has not the size 4"):
        DeletePayload(ProtocolId.ESP, 4, (b"abc",)).build()


def test_description() -> None:
    assert TWO.describe() == {"payload": "DELETE", "protocol": "ESP", "spis": ["c0ffee01", "c0ffee02"]}
