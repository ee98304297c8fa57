"""Traffic Selector payloads TSi and TSr (RFC 7296 section 3.13)."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from struct import Struct
from typing import ClassVar, Self, TypeAlias

from ike.codec.errors import CodecError
from ike.codec.payload import Json, Payload
from ike.codec.reader import Reader
from ike.constants import PayloadType, TsType, name_of

_COUNT = Struct("!Bxxx")
_SELECTOR = Struct("!BBH")  # type, IP protocol, length
_PORTS = Struct("!HH")
_ADDRESS: dict[int, tuple[type[IPv4Address | IPv6Address], int]] = {
    TsType.TS_IPV4_ADDR_RANGE: (IPv4Address, 4),
    TsType.TS_IPV6_ADDR_RANGE: (IPv6Address, 16),
}


@dataclass(frozen=True, slots=True)
class TrafficSelector:
    """A range of addresses and ports of one IP protocol.

    Args:
        type: TS_IPV4_ADDR_RANGE or TS_IPV6_ADDR_RANGE.
        ip_protocol: IP protocol number, 0 for any.
        start_port: First port, 0 when there are none; for ICMP the type and code (RFC 7296 section 3.13.1).
        end_port: Last port. 65535 to 0 means OPAQUE.
        start: First address.
        end: Last address; that it is not below ``start`` is not checked.
    """

    type: int
    ip_protocol: int
    start_port: int
    end_port: int
    start: IPv4Address | IPv6Address
    end: IPv4Address | IPv6Address

    def build(self) -> bytes:
        """The selector as on the wire."""
        addresses = self.start.packed + self.end.packed
        _, size = _ADDRESS.get(self.type, (None, 0))
        if len(addresses) != 2 * size:
            raise CodecError(f"{name_of(TsType, self.type)} from {self.start} to {self.end}")
        length = _SELECTOR.size + _PORTS.size + len(addresses)
        return (
            _SELECTOR.pack(self.type, self.ip_protocol, length)
            + _PORTS.pack(self.start_port, self.end_port)
            + addresses
        )

    def describe(self) -> dict[str, Json]:
        """The ranges for people."""
        return {
            "type": name_of(TsType, self.type),
            "ip_protocol": self.ip_protocol,
            "ports": f"{self.start_port}-{self.end_port}",
            "addresses": f"{self.start}-{self.end}",
        }


@dataclass(frozen=True, slots=True)
class RawSelector:
    """A selector of unknown type.

    Args:
        type: The unknown type.
        second: The octet after the type.
        body: The octets after the length.
    """

    type: int
    second: int
    body: bytes

    def build(self) -> bytes:
        """The selector as on the wire."""
        return _SELECTOR.pack(self.type, self.second, _SELECTOR.size + len(self.body)) + self.body

    def describe(self) -> dict[str, Json]:
        """The type and the octets."""
        return {"type": name_of(TsType, self.type), "body": self.body.hex()}


Selector: TypeAlias = TrafficSelector | RawSelector


@dataclass(frozen=True, slots=True)
class TsPayload(Payload):
    """One or more selectors; on the wire either a ``TSiPayload`` or a ``TSrPayload``."""

    selectors: tuple[Selector, ...]

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read as many selectors as the payload says it has."""
        (count,) = reader.unpack(_COUNT, "number of selectors")
        if not count:
            raise reader.error("no traffic selector, expected at least one")
        selectors = tuple(_parse_selector(reader) for _ in range(count))
        reader.expect_end(f"last of {count} traffic selectors")
        return cls(selectors)

    def build(self) -> bytes:
        """The number of selectors and the selectors."""
        return _COUNT.pack(len(self.selectors)) + b"".join(selector.build() for selector in self.selectors)

    def facts(self) -> dict[str, Json]:
        """Every selector."""
        return {"selectors": [selector.describe() for selector in self.selectors]}


@dataclass(frozen=True, slots=True)
class TSiPayload(TsPayload):
    """Selectors of the initiator's side."""

    type: ClassVar[PayloadType] = PayloadType.TSi


@dataclass(frozen=True, slots=True)
class TSrPayload(TsPayload):
    """Selectors of the responder's side."""

    type: ClassVar[PayloadType] = PayloadType.TSr


def _parse_selector(reader: Reader) -> Selector:
    ts_type, second, length = reader.unpack(_SELECTOR, "traffic selector header")
    if length < _SELECTOR.size:
        raise reader.error(f"traffic selector length {length}, expected at least {_SELECTOR.size}")
    body = reader.sub(length - _SELECTOR.size, "traffic selector")
    if ts_type not in _ADDRESS:
        return RawSelector(ts_type, second, body.rest())
    address, size = _ADDRESS[ts_type]
    start_port, end_port = body.unpack(_PORTS, "port range")
    start = address(body.take(size, "starting address"))
    end = address(body.take(size, "ending address"))
    body.expect_end(f"{name_of(TsType, ts_type)} selector")
    return TrafficSelector(ts_type, second, start_port, end_port, start, end)
