"""A BGP neighbour: one session of the Global Secure Access side, one per tunnel."""

from dataclasses import dataclass
from ipaddress import IPv4Address

MIN_HOLD_TIME, MAX_HOLD_TIME = 3, 65535
"""Seconds of a hold time other than zero (RFC 4271 section 4.2)."""
MAX_ASN = 2**32 - 1
"""The largest autonomous system number (RFC 6793)."""


@dataclass(frozen=True, kw_only=True)
class Neighbor:
    """One configured neighbour. The session is passive: the CPE opens the TCP connection.

    Args:
        name: Name of the tunnel: ``remote network/link/0``.
        local_address: GSA's BGP address, also the next hop of what is advertised.
        local_as: GSA's autonomous system number.
        peer_address: The CPE's BGP address.
        peer_as: The CPE's autonomous system number.
        router_id: GSA's BGP identifier.
        hold_time: Seconds proposed to the CPE; 0 switches keepalives off (RFC 4271 section 4.2).
        prefix_limit: Prefixes that the CPE may announce; with one more the session ends.

    Raises:
        ValueError: A number is outside its range.
    """

    name: str
    local_address: IPv4Address
    local_as: int
    peer_address: IPv4Address
    peer_as: int
    router_id: IPv4Address
    hold_time: int = 180
    prefix_limit: int = 4000

    def __post_init__(self) -> None:
        for asn in (self.local_as, self.peer_as):
            if not 0 < asn <= MAX_ASN:
                raise ValueError(f"neighbour {self.name}: saw AS number {asn}, expected 1 to {MAX_ASN}")
        if self.hold_time and not MIN_HOLD_TIME <= self.hold_time <= MAX_HOLD_TIME:
            raise ValueError(
                f"neighbour {self.name}: saw hold time {self.hold_time} s,"
                f" expected 0 or {MIN_HOLD_TIME} to {MAX_HOLD_TIME} s"
            )

    @property
    def endpoints(self) -> tuple[IPv4Address, IPv4Address]:
        """Local and peer address: what tells the sessions of one speaker apart."""
        return self.local_address, self.peer_address
