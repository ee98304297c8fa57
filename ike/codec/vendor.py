"""Vendor ID payload (RFC 7296 section 3.12)."""

from dataclasses import dataclass
from typing import ClassVar, Self

from ike.codec.payload import Json, Payload
from ike.codec.reader import Reader
from ike.constants import PayloadType


@dataclass(frozen=True, slots=True)
class VendorPayload(Payload):
    """A vendor's mark: usually a hash, sometimes text."""

    type: ClassVar[PayloadType] = PayloadType.VENDOR
    vendor_id: bytes

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Take the body as it is."""
        return cls(reader.rest())

    def build(self) -> bytes:
        """The vendor ID."""
        return self.vendor_id

    def facts(self) -> dict[str, Json]:
        """The vendor ID, also as text when it is printable ASCII."""
        facts: dict[str, Json] = {"vendor_id": self.vendor_id.hex()}
        text = self.vendor_id.decode("ascii", "replace")
        if text.isascii() and text.isprintable() and text:
            facts["text"] = text
        return facts
