"""The IKE header (RFC 7296 section 3.1)."""

from dataclasses import dataclass
from struct import Struct

from ike.codec.errors import CodecError
from ike.codec.payload import Json
from ike.codec.reader import Reader
from ike.constants import (
    HEADER_LENGTH,
    IKE_MAJOR_VERSION,
    SPI_LENGTH,
    ExchangeType,
    HeaderFlag,
    PayloadType,
    name_of,
)

_LAYOUT = Struct("!8s8sBBBBII")
LENGTH_OFFSET = 24
"""Offset of the header's length field."""
_RESPONSE, _INITIATOR = int(HeaderFlag.RESPONSE), int(HeaderFlag.INITIATOR)
"""Plain numbers: ``&`` with an enum's member takes ten times as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The IKE header.

    Args:
        spi_i: The initiator's SPI, 8 octets.
        spi_r: The responder's SPI, 8 octets; zero in the first request.
        exchange: An ``ExchangeType`` or an unknown number.
        flags: ``HeaderFlag`` bits; bits without a meaning may be set in received ones.
        message_id: 32-bit message ID.
        next_payload: Type of the first payload; set by ``build_message``.
        major: Major version; 1 in IKEv1 datagrams, which ``parse_header`` does not reject.
        minor: Minor version, to be ignored on receipt.
        length: Octets of the whole message; set by ``build_message``.
    """

    spi_i: bytes
    spi_r: bytes
    exchange: int
    flags: int
    message_id: int
    next_payload: int = PayloadType.NONE
    major: int = IKE_MAJOR_VERSION
    minor: int = 0
    length: int = HEADER_LENGTH

    @property
    def is_response(self) -> bool:
        """Whether the message answers the request with the same message ID."""
        return bool(self.flags & _RESPONSE)

    @property
    def is_initiator(self) -> bool:
        """Whether the sender is the original initiator of the IKE SA."""
        return bool(self.flags & _INITIATOR)

    def build(self, next_payload: int | None = None, length: int | None = None) -> bytes:
        """The 28 octets.

        Args:
            next_payload: Type of the first payload, if it is not the header's own.
            length: Octets of the whole message, likewise.

        Raises:
            CodecError: An SPI has not 8 octets.
            struct.error: A number does not fit its field.
        """
        if {len(self.spi_i), len(self.spi_r)} != {SPI_LENGTH}:
            raise CodecError(
                f"IKE SPIs of {len(self.spi_i)} and {len(self.spi_r)} octets, expected {SPI_LENGTH}"
            )
        return _LAYOUT.pack(
            self.spi_i,
            self.spi_r,
            self.next_payload if next_payload is None else next_payload,
            self.major << 4 | self.minor,
            self.exchange,
            self.flags,
            self.message_id,
            self.length if length is None else length,
        )

    def describe(self) -> dict[str, Json]:
        """The header for people, JSON-compatible."""
        return {
            "spi_i": self.spi_i.hex(),
            "spi_r": self.spi_r.hex(),
            "version": f"{self.major}.{self.minor}",
            "exchange": name_of(ExchangeType, self.exchange),
            "flags": [flag.name for flag in HeaderFlag if self.flags & flag],
            "message_id": self.message_id,
            "length": self.length,
        }


def parse_header(data: bytes) -> Header:
    """Read the IKE header that ``data`` starts with; what follows it is not looked at.

    Any version is accepted, so that the receiver can answer INVALID_MAJOR_VERSION.

    Raises:
        CodecError: There are fewer than 28 octets.
    """
    spi_i, spi_r, next_payload, version, exchange, flags, message_id, length = Reader(data).unpack(
        _LAYOUT, "IKE header"
    )
    return Header(
        spi_i=spi_i,
        spi_r=spi_r,
        exchange=exchange,
        flags=flags,
        message_id=message_id,
        next_payload=next_payload,
        major=version >> 4,
        minor=version & 0x0F,
        length=length,
    )
