"""Configuration payload (RFC 7296 section 3.15)."""

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import ClassVar, Self

from ike.codec.payload import Json, Payload
from ike.codec.reader import Reader
from ike.constants import PayloadType, name_of

MAX_ATTRIBUTES = 256
"""Attributes accepted in one payload."""

_LAYOUT = Struct("!Bxxx")
_ATTRIBUTE = Struct("!HH")  # reserved bit and type, length
_TYPE_BITS = 0x7FFF


class CfgType(IntEnum):
    """Configuration payload types (RFC 7296 section 3.15)."""

    CFG_REQUEST = 1
    CFG_REPLY = 2
    CFG_SET = 3
    CFG_ACK = 4


class CfgAttributeType(IntEnum):
    """Configuration attribute types (RFC 7296 section 3.15.1)."""

    INTERNAL_IP4_ADDRESS = 1
    INTERNAL_IP4_NETMASK = 2
    INTERNAL_IP4_DNS = 3
    INTERNAL_IP4_NBNS = 4
    INTERNAL_IP4_DHCP = 6
    APPLICATION_VERSION = 7
    INTERNAL_IP6_ADDRESS = 8
    INTERNAL_IP6_DNS = 10
    INTERNAL_IP6_DHCP = 12
    INTERNAL_IP4_SUBNET = 13
    SUPPORTED_ATTRIBUTES = 14
    INTERNAL_IP6_SUBNET = 15


@dataclass(frozen=True, slots=True)
class CfgAttribute:
    """One attribute.

    Args:
        type: A ``CfgAttributeType`` or an unknown number below 32768.
        value: Its value, empty to ask for one.
    """

    type: int
    value: bytes = b""


@dataclass(frozen=True, slots=True)
class CpPayload(Payload):
    """Configuration asked for or given.

    Args:
        cfg_type: A ``CfgType`` or an unknown number.
        attributes: In their order on the wire.
    """

    type: ClassVar[PayloadType] = PayloadType.CP
    cfg_type: int
    attributes: tuple[CfgAttribute, ...] = ()

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read all attributes."""
        (cfg_type,) = reader.unpack(_LAYOUT, "configuration type")
        attributes: list[CfgAttribute] = []
        while reader.remaining:
            if len(attributes) == MAX_ATTRIBUTES:
                raise reader.error(f"more than {MAX_ATTRIBUTES} configuration attributes")
            attribute, length = reader.unpack(_ATTRIBUTE, "configuration attribute")
            value = reader.take(length, "configuration attribute value")
            attributes.append(CfgAttribute(attribute & _TYPE_BITS, value))
        return cls(cfg_type, tuple(attributes))

    def build(self) -> bytes:
        """Configuration type and attributes."""
        return _LAYOUT.pack(self.cfg_type) + b"".join(
            _ATTRIBUTE.pack(attribute.type, len(attribute.value)) + attribute.value
            for attribute in self.attributes
        )

    def facts(self) -> dict[str, Json]:
        """The type and every attribute."""
        return {
            "cfg_type": name_of(CfgType, self.cfg_type),
            "attributes": [
                {"type": name_of(CfgAttributeType, attribute.type), "value": attribute.value.hex()}
                for attribute in self.attributes
            ],
        }
