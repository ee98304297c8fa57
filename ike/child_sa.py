"""CHILD SAs: what the dataplane needs to carry ESP (RFC 7296 section 2.17, RFC 4303)."""

from dataclasses import dataclass, field

from ike.constants import Encr, Integ
from ike.path import Path


@dataclass(frozen=True, kw_only=True)
class EspParameters:
    """The two ESP SAs of one CHILD SA, seen from us.

    Args:
        spi_in: SPI on packets that we receive (we chose it).
        spi_out: SPI on packets that we send (the peer chose it).
        encr: Encryption algorithm; AES_GCM_16 or NULL on this service.
        encr_key_bits: Key length in bits, None for NULL.
        integ: Integrity algorithm; None with an AEAD.
        encr_key_in: Key of received packets; for AES-GCM followed by the 4-octet salt (RFC 4106 section 8.1).
        integ_key_in: Integrity key of received packets, empty with an AEAD.
        encr_key_out: Key of sent packets, shaped like ``encr_key_in``.
        integ_key_out: Integrity key of sent packets.
        esn: Whether 64-bit sequence numbers were negotiated.
        udp_encapsulation: ESP in UDP (RFC 3948) rather than IP protocol 50.
        path: Where to send; the ports count with UDP encapsulation only.
    """

    spi_in: int
    spi_out: int
    encr: Encr
    encr_key_bits: int | None
    integ: Integ | None
    encr_key_in: bytes = field(repr=False)
    integ_key_in: bytes = field(repr=False)
    encr_key_out: bytes = field(repr=False)
    integ_key_out: bytes = field(repr=False)
    esn: bool
    udp_encapsulation: bool
    path: Path
