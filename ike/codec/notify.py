"""Notify payload (RFC 7296 section 3.10)."""

from dataclasses import dataclass
from struct import Struct
from typing import ClassVar, Self

from ike.codec.payload import Json, Payload
from ike.codec.reader import Reader
from ike.constants import DhGroup, NotifyType, PayloadType, ProtocolId, name_of

_LAYOUT = Struct("!BBH")  # protocol, SPI size, notify message type
_GROUP_OCTETS = 2


@dataclass(frozen=True, slots=True)
class NotifyPayload(Payload):
    """An error or a status.

    Args:
        notify_type: A ``NotifyType`` or an unknown number; below 16384 it is an error.
        data: Notification data; its meaning depends on the type.
        protocol: Protocol of ``spi``; to be ignored on receipt when there is no SPI.
        spi: The SA that the notification is about, empty when it is about the IKE SA or none.
    """

    type: ClassVar[PayloadType] = PayloadType.NOTIFY
    notify_type: int
    data: bytes = b""
    protocol: int = ProtocolId.NONE
    spi: bytes = b""

    @property
    def is_error(self) -> bool:
        """Whether the type reports an error (RFC 7296 section 3.10.1), known or not."""
        return self.notify_type < NotifyType.INITIAL_CONTACT

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read type and SPI; the rest is notification data."""
        protocol, spi_size, notify_type = reader.unpack(_LAYOUT, "notify header")
        spi = reader.take(spi_size, "SPI")
        return cls(notify_type, reader.rest(), protocol, spi)

    def build(self) -> bytes:
        """Header, SPI and data."""
        return _LAYOUT.pack(self.protocol, len(self.spi), self.notify_type) + self.spi + self.data

    def facts(self) -> dict[str, Json]:
        """The type, the SA if one is named, and the data decoded where it has a simple meaning."""
        facts: dict[str, Json] = {"type": name_of(NotifyType, self.notify_type), "error": self.is_error}
        if self.spi:
            facts |= {"protocol": name_of(ProtocolId, self.protocol), "spi": self.spi.hex()}
        if self.data:
            facts["data"] = self.data.hex()
        number = int.from_bytes(self.data, "big")
        if self.notify_type == NotifyType.INVALID_KE_PAYLOAD and len(self.data) == _GROUP_OCTETS:
            facts["wanted_group"] = name_of(DhGroup, number)
        if self.notify_type == NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD and len(self.data) == 1:
            facts["unsupported_payload"] = name_of(PayloadType, number)
        return facts
