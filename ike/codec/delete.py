"""Delete payload (RFC 7296 section 3.11)."""

from dataclasses import dataclass
from struct import Struct
from typing import ClassVar, Self

from ike.codec.errors import CodecError
from ike.codec.payload import Json, Payload
from ike.codec.reader import Reader
from ike.constants import PayloadType, ProtocolId, name_of

_LAYOUT = Struct("!BBH")  # protocol, SPI size, number of SPIs
_SPI_SIZES = {ProtocolId.IKE: 0, ProtocolId.AH: 4, ProtocolId.ESP: 4}


@dataclass(frozen=True, slots=True)
class DeletePayload(Payload):
    """SAs that the sender has removed.

    Args:
        protocol: IKE, AH, ESP or an unknown number.
        spi_size: Octets of each SPI: 0 for IKE (the SA is that of the message), 4 for AH and ESP.
        spis: The sender's inbound SPIs; empty for IKE.
    """

    type: ClassVar[PayloadType] = PayloadType.DELETE
    protocol: int
    spi_size: int
    spis: tuple[bytes, ...] = ()

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read the SPIs; refuse an SPI size that is not the protocol's."""
        protocol, spi_size, count = reader.unpack(_LAYOUT, "delete header")
        expected = _SPI_SIZES.get(protocol)
        if expected is not None and spi_size != expected:
            raise reader.error(
                f"{name_of(ProtocolId, protocol)} SPI of {spi_size} octets, expected {expected}"
            )
        # Without SPIs the count says nothing; peers send 0 or 1 for the IKE SA.
        spis = tuple(reader.take(spi_size, "SPI") for _ in range(count)) if spi_size else ()
        return cls(protocol, spi_size, spis)

    def build(self) -> bytes:
        """Header and SPIs."""
        if any(len(spi) != self.spi_size for spi in self.spis):
            raise CodecError(f"an SPI has not the size {self.spi_size}", payload=self.type)
        return _LAYOUT.pack(self.protocol, self.spi_size, len(self.spis)) + b"".join(self.spis)

    def facts(self) -> dict[str, Json]:
        """The protocol and the SPIs."""
        return {"protocol": name_of(ProtocolId, self.protocol), "spis": [spi.hex() for spi in self.spis]}
