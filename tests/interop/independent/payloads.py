"""Payloads of the independent initiator, built and read by scapy.

A payload is built as a scapy packet of its own. ``chain`` links them: scapy would do that itself, but not
with a payload type that it does not know, and not twice the same object.
"""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from scapy.contrib import ikev2

SA, KE, IDi, IDr, CERTREQ, AUTH, NONCE, NOTIFY, DELETE = 33, 34, 35, 36, 38, 39, 40, 41, 42
VENDOR, TSi, TSr, SK, CP = 43, 44, 45, 46, 47
IKE, AH, ESP = 1, 2, 3
ENCR, PRF, INTEG, DH, ESN = 1, 2, 3, 4, 5
AES_CBC, AES_GCM_16, NULL_ENCRYPTION = 12, 20, 11
HEADER = 28
GENERIC = 4


class Notify:
    """Notify message types that the tests use (RFC 7296 section 3.10.1)."""

    UNSUPPORTED_CRITICAL_PAYLOAD = 1
    INVALID_IKE_SPI = 4
    INVALID_MAJOR_VERSION = 5
    INVALID_SYNTAX = 7
    INVALID_SPI = 11
    NO_PROPOSAL_CHOSEN = 14
    INVALID_KE_PAYLOAD = 17
    AUTHENTICATION_FAILED = 24
    TS_UNACCEPTABLE = 38
    CHILD_SA_NOT_FOUND = 44
    INITIAL_CONTACT = 16384
    SET_WINDOW_SIZE = 16385
    IPCOMP_SUPPORTED = 16387
    NAT_DETECTION_SOURCE_IP = 16388
    NAT_DETECTION_DESTINATION_IP = 16389
    COOKIE = 16390
    USE_TRANSPORT_MODE = 16391
    REKEY_SA = 16393
    MOBIKE_SUPPORTED = 16396
    REDIRECT_SUPPORTED = 16406
    CHILDLESS_IKEV2_SUPPORTED = 16418
    SIGNATURE_HASH_ALGORITHMS = 16431


@dataclass(frozen=True)
class Part:
    """One payload of a message.

    Args:
        kind: Its payload type.
        packet: A scapy packet whose first field is ``next_payload``.
    """

    kind: int
    packet: Any

    def body(self) -> bytes:
        """The octets after the generic header."""
        return bytes(self.packet)[GENERIC:]

    def but(self, **fields: Any) -> "Part":
        """The same payload with other values in scapy's fields."""
        packet = self.packet.copy()
        for name, value in fields.items():
            setattr(packet, name, value)
        return Part(self.kind, packet)


def chain(parts: Sequence[Part]) -> tuple[int, bytes]:
    """The type of the first payload and the octets of all, linked by their first octet."""
    kinds = [*[part.kind for part in parts], 0]
    linked = (bytes([kinds[i + 1]]) + bytes(part.packet)[1:] for i, part in enumerate(parts))
    return kinds[0], b"".join(linked)


def raw(kind: int, body: bytes, *, critical: bool = False) -> Part:
    """A payload of any type with any body."""
    return Part(kind, ikev2.IKEv2_Payload(load=body, flags=0x80 if critical else 0))


def transform(kind: int, number: int, bits: int | None = None) -> Any:
    """One transform, with a key length where there is one."""
    if bits is None:
        return ikev2.IKEv2_Transform(transform_type=kind, transform_id=number)
    return ikev2.IKEv2_Transform(transform_type=kind, transform_id=number, length=12, key_length=bits)


def octets_of_transform(kind: int, number: int, attributes: bytes) -> bytes:
    """A transform with attributes that scapy cannot build; for ``proposal``'s ``transforms``."""
    return struct.pack("!BBHBBH", 0, 0, 8 + len(attributes), kind, 0, number) + attributes


def proposal(
    transforms: Sequence[Any], *, number: int = 1, protocol: int = IKE, spi: bytes = b"", **fields: Any
) -> Any:
    """One proposal; ``fields`` are scapy's, to lie with."""
    octets = b""
    for index, each in enumerate(transforms):
        more = 3 if index < len(transforms) - 1 else 0
        octets += bytes([more]) + bytes(each)[1:]
    return ikev2.IKEv2_Proposal(
        **{
            "proposal": number,
            "proto": protocol,
            "SPI": spi,
            "trans_nb": len(transforms),
            "trans": octets,
            **fields,
        }
    )


def sa(proposals: Sequence[Any]) -> Part:
    """An SA payload."""
    octets = b""
    for index, each in enumerate(proposals):
        more = 2 if index < len(proposals) - 1 else 0
        octets += bytes([more]) + bytes(each)[1:]
    return Part(SA, ikev2.IKEv2_SA(prop=octets))


def ke(group: int, data: bytes) -> Part:
    """A KE payload."""
    return Part(KE, ikev2.IKEv2_KE(group=group, ke=data))


def nonce(data: bytes) -> Part:
    """A nonce payload."""
    return Part(NONCE, ikev2.IKEv2_Nonce(nonce=data))


def notify(kind: int, data: bytes = b"", *, protocol: int = 0, spi: bytes = b"") -> Part:
    """A Notify payload."""
    return Part(NOTIFY, ikev2.IKEv2_Notify(type=kind, notify=data, proto=protocol, SPI=spi))


def identity(address: str, kind: int = IDi) -> Part:
    """An ID payload of type ID_IPV4_ADDR."""
    layer = ikev2.IKEv2_IDi if kind == IDi else ikev2.IKEv2_IDr
    return Part(kind, layer(IDtype=1, ID=address))


def auth(data: bytes, method: int = 2) -> Part:
    """An AUTH payload, method 2: shared key."""
    return Part(AUTH, ikev2.IKEv2_AUTH(auth_type=method, load=data))


def selector(start: str = "0.0.0.0", end: str = "255.255.255.255", **fields: Any) -> Any:  # noqa: S104
    """An IPv4 traffic selector; any-to-any unless told otherwise."""
    return ikev2.IPv4TrafficSelector(
        starting_address_v4=start, ending_address_v4=end, **{"IP_protocol_ID": 0, **fields}
    )


def selector6() -> Any:
    """The traffic selector of all of IPv6."""
    return ikev2.IPv6TrafficSelector(
        starting_address_v6="::",
        ending_address_v6="ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        IP_protocol_ID=0,
        length=40,
    )


def ts(kind: int, selectors: Sequence[Any] | None = None) -> Part:
    """A TSi or TSr payload; any-to-any without ``selectors``."""
    layer = ikev2.IKEv2_TSi if kind == TSi else ikev2.IKEv2_TSr
    chosen = [selector()] if selectors is None else list(selectors)
    return Part(kind, layer(traffic_selector=chosen, number_of_TSs=len(chosen)))


def delete(protocol: int, spis: Sequence[bytes] = (), **fields: Any) -> Part:
    """A Delete payload."""
    size = len(spis[0]) if spis else 0
    values = {"proto": protocol, "SPIsize": size, "SPInum": len(spis), "SPI": list(spis), **fields}
    return Part(DELETE, ikev2.IKEv2_Delete(**values))


def vendor(data: bytes) -> Part:
    """A vendor ID."""
    return Part(VENDOR, ikev2.IKEv2_VendorID(vendorID=data))


def nat_hash(spi_i: bytes, spi_r: bytes, address: str, port: int) -> bytes:
    """The data of a NAT_DETECTION notification (RFC 7296 section 2.23)."""
    octets = spi_i + spi_r + IPv4Address(address).packed + port.to_bytes(2, "big")
    return hashlib.sha1(octets, usedforsecurity=False).digest()


_LAYERS = {
    SA: ikev2.IKEv2_SA,
    KE: ikev2.IKEv2_KE,
    IDi: ikev2.IKEv2_IDi,
    IDr: ikev2.IKEv2_IDr,
    AUTH: ikev2.IKEv2_AUTH,
    NONCE: ikev2.IKEv2_Nonce,
    NOTIFY: ikev2.IKEv2_Notify,
    DELETE: ikev2.IKEv2_Delete,
    VENDOR: ikev2.IKEv2_VendorID,
    TSi: ikev2.IKEv2_TSi,
    TSr: ikev2.IKEv2_TSr,
    CP: ikev2.IKEv2_CP,
}
"""scapy's layer of each payload type; the others are read as ``IKEv2_Payload``."""


def dissect(kind: int, octets: bytes) -> list[Part]:
    """The payloads of a chain as scapy reads them, one by one.

    Args:
        kind: Type of the first payload.
        octets: All of the chain.
    """
    parts, start = [], 0
    while kind:
        length = int.from_bytes(octets[start + 2 : start + GENERIC], "big")
        if not GENERIC <= length <= len(octets) - start:
            raise ValueError(f"payload {kind}: length {length} with {len(octets) - start} octets left")
        layer = _LAYERS.get(kind, ikev2.IKEv2_Payload)
        parts.append(Part(kind, layer(octets[start : start + length])))
        kind, start = octets[start], start + length
    if start != len(octets):
        raise ValueError(f"{len(octets) - start} octets after the last payload")
    return parts
