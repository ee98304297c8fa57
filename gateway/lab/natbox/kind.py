"""What a packet is, in the words of the tunnel that it belongs to."""

from enum import StrEnum

from gateway.lab.natbox.packet import ESP, IKE_PORT, NAMES, NATT_PORT, UDP, Packet
from gateway.lab.natbox.personality import Drop

_NON_ESP_MARKER = b"\0\0\0\0"
_IKE_HEADER = 28
_RESPONSE = 0x20
_EXCHANGES = {34: "IKE_SA_INIT", 35: "IKE_AUTH", 36: "CREATE_CHILD_SA", 37: "INFORMATIONAL"}
_KEEPALIVE = b"\xff"
_IKEV1 = 1


class Kind(StrEnum):
    """The streams that a line's impairments treat each for itself."""

    IKE = "ike"
    ESP = "esp"
    OTHER = "other"


def kind_of(packet: Packet) -> Kind:
    """Which it is; a fragment that is not the first of UDP is ``OTHER``, because it has no ports."""
    if packet.proto == ESP:
        return Kind.ESP
    if packet.proto == UDP and packet.has_ports:
        if NATT_PORT in packet.ports:
            return Kind.IKE if packet.payload.startswith(_NON_ESP_MARKER) else Kind.ESP
        if IKE_PORT in packet.ports:
            return Kind.IKE
    return Kind.OTHER


def describe(packet: Packet) -> str:
    """For people: ``IKE_AUTH request 1``, ``ESP in UDP, 132 octets``."""
    fragment = ", first fragment" if packet.is_fragment else ""
    if not packet.begins:
        return f"a later fragment of {NAMES.get(packet.proto, f'protocol {packet.proto}')}"
    if kind_of(packet) is Kind.IKE:
        return _ike(packet.payload.removeprefix(_NON_ESP_MARKER)) + fragment
    size = f", {len(packet.data)} octets{fragment}"
    if packet.proto == UDP and NATT_PORT in packet.ports:
        return "NAT keepalive" if packet.payload == _KEEPALIVE else f"ESP in UDP{size}"
    return NAMES.get(packet.proto, f"protocol {packet.proto}") + size


def _ike(message: bytes) -> str:
    if len(message) < _IKE_HEADER:
        return f"UDP {IKE_PORT}, {len(message)} octets"
    if message[17] >> 4 == _IKEV1:
        return "IKEv1"
    name = _EXCHANGES.get(message[18], f"exchange {message[18]}")
    way = "response" if message[19] & _RESPONSE else "request"
    return f"{name} {way} {int.from_bytes(message[20:24])}"


def refused(packet: Packet, drop: frozenset[Drop]) -> Drop | None:
    """Why a firewall drops it, None when it does not."""
    if not drop:
        return None
    ports = packet.ports if packet.proto == UDP and packet.has_ports else ()
    reasons = {
        Drop.FRAGMENTS: packet.is_fragment,
        Drop.ESP: packet.proto == ESP,
        Drop.UDP_500: IKE_PORT in ports,
        Drop.UDP_4500: NATT_PORT in ports,
        Drop.ESP_IN_UDP: NATT_PORT in ports and kind_of(packet) is Kind.ESP,
        Drop.ZERO_CHECKSUM: packet.udp_checksum == 0,
    }
    return next((reason for reason, holds in reasons.items() if holds and reason in drop), None)
