"""What an inner TCP SYN or SYN-ACK says (RFC 9293 section 3.1), for packets found by ``is_tcp_syn``."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address

_ACK = 0x10
_FIXED = 20
_END, _NO_OPERATION, _MSS, _MD5, _AO = 0, 1, 2, 19, 29
_MSS_LENGTH = 4


class Authentication(StrEnum):
    """How the segments of a connection are signed."""

    NONE = "none"
    MD5 = "md5"
    """The TCP MD5 signature option (RFC 2385)."""
    AO = "ao"
    """The TCP authentication option (RFC 5925)."""


@dataclass(frozen=True, kw_only=True)
class Handshake:
    """A SYN or a SYN-ACK.

    Args:
        source: Address of the sender.
        source_port: Its port.
        destination: Address of the other end.
        destination_port: Its port.
        ttl: Time to live as it arrived.
        is_answer: It is a SYN-ACK.
        mss: Octets of the largest segment that the sender takes; None when it does not say.
        authentication: How it is signed.
    """

    source: IPv4Address
    source_port: int
    destination: IPv4Address
    destination_port: int
    ttl: int
    is_answer: bool
    mss: int | None
    authentication: Authentication


def read_handshake(packet: bytes) -> Handshake:
    """Read a packet that ``is_tcp_syn`` let through; what is wrong in its TCP options ends them."""
    start = (packet[0] & 0x0F) * 4
    options = _options(packet[start + _FIXED : start + (packet[start + 12] >> 4) * 4])
    mss = options.get(_MSS, b"")
    return Handshake(
        source=IPv4Address(packet[12:16]),
        source_port=int.from_bytes(packet[start : start + 2], "big"),
        destination=IPv4Address(packet[16:20]),
        destination_port=int.from_bytes(packet[start + 2 : start + 4], "big"),
        ttl=packet[8],
        is_answer=bool(packet[start + 13] & _ACK),
        mss=int.from_bytes(mss, "big") if len(mss) == _MSS_LENGTH - 2 else None,
        authentication=Authentication.MD5
        if _MD5 in options
        else Authentication.AO
        if _AO in options
        else Authentication.NONE,
    )


def _options(data: bytes) -> dict[int, bytes]:
    """The options by kind, up to the first that is cut short."""
    found: dict[int, bytes] = {}
    place = 0
    while place < len(data) and data[place] != _END:
        if data[place] == _NO_OPERATION:
            place += 1
            continue
        length = data[place + 1] if place + 1 < len(data) else 0
        if not 2 <= length <= len(data) - place:  # noqa: PLR2004 - kind and length themselves
            break
        found[data[place]] = data[place + 2 : place + length]
        place += length
    return found
