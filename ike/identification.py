"""Identities of the two ends (RFC 7296 section 3.5)."""

import ipaddress
from dataclasses import dataclass
from functools import cached_property

from ike.constants import IdType, name_of
from ike.distinguished_name import text_of_name

_ADDRESS_OCTETS: dict[int, int] = {IdType.ID_IPV4_ADDR: 4, IdType.ID_IPV6_ADDR: 16}
_TEXT_TYPES = (IdType.ID_FQDN, IdType.ID_RFC822_ADDR)


@dataclass(frozen=True)
class Identification:
    """An identity: its type (an ``IdType`` or an unknown number) and its data as on the wire."""

    type: int
    data: bytes

    @classmethod
    def from_address(cls, address: str) -> "Identification":
        """The identity of an IPv4 or IPv6 address given as text."""
        ip = ipaddress.ip_address(address)
        is_ipv4 = isinstance(ip, ipaddress.IPv4Address)
        return cls(IdType.ID_IPV4_ADDR if is_ipv4 else IdType.ID_IPV6_ADDR, ip.packed)

    @cached_property
    def text(self) -> str:
        """For people: ``198.51.100.10 (ID_IPV4_ADDR)``.

        Data that is not what its type promises, and a key ID that is no printable ASCII, is shown in
        hexadecimal. A name's control characters are escaped, since the text comes from the peer and goes to a
        terminal.
        """
        if _ADDRESS_OCTETS.get(self.type) == len(self.data):
            value = str(ipaddress.ip_address(self.data))
        elif self.type in _TEXT_TYPES or (self.type == IdType.ID_KEY_ID and _is_ascii_text(self.data)):
            value = _printable(self.data)
        elif self.type == IdType.ID_DER_ASN1_DN:
            value = _name(self.data)
        else:
            value = self.data.hex()
        return f"{value} ({name_of(IdType, self.type)})"


def _is_ascii_text(data: bytes) -> bool:
    return data.isascii() and data.decode("ascii").isprintable()


def _name(data: bytes) -> str:
    try:
        return _printable(text_of_name(data).encode())
    except ValueError:
        return data.hex()


def _printable(data: bytes) -> str:
    text = data.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
