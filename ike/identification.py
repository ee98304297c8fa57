"""Identities of the two ends (RFC 7296 section 3.5)."""

import ipaddress
from dataclasses import dataclass

from ike.constants import IdType, name_of

_PACKED_LENGTH = {IdType.ID_IPV4_ADDR: 4, IdType.ID_IPV6_ADDR: 16}


@dataclass(frozen=True)
class Identification:
    """An identity: its type (an ``IdType`` or an unknown number) and its data as on the wire."""

    type: int
    data: bytes

    @classmethod
    def from_address(cls, address: str) -> "Identification":
        """The identity of an IPv4 or IPv6 address given as text."""
        ip = ipaddress.ip_address(address)
        return cls(IdType.ID_IPV4_ADDR if ip.version == 4 else IdType.ID_IPV6_ADDR, ip.packed)  # noqa: PLR2004

    @property
    def text(self) -> str:
        """For people: ``198.51.100.10 (ID_IPV4_ADDR)``."""
        kind = name_of(IdType, self.type)
        if len(self.data) == _PACKED_LENGTH.get(IdType(self.type) if self.type in set(IdType) else IdType.ID_FQDN):
            return f"{ipaddress.ip_address(self.data)} ({kind})"
        if self.type in (IdType.ID_FQDN, IdType.ID_RFC822_ADDR):
            return f"{self.data.decode('utf-8', 'backslashreplace')} ({kind})"
        return f"{self.data.hex()} ({kind})"
