"""NAT detection (RFC 7296 section 2.23)."""

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache


def detection_hash(spi_i: bytes, spi_r: bytes, address: str, port: int) -> bytes:
    """The data of a NAT_DETECTION notification: SHA-1 over SPIs, address and port (20 octets)."""
    data = spi_i + spi_r + _packed(address) + port.to_bytes(2, "big")
    return hashlib.sha1(data, usedforsecurity=False).digest()


@lru_cache(maxsize=256)
def _packed(address: str) -> bytes:
    """An address as octets; it takes longer to read one than to hash it."""
    return ipaddress.ip_address(address).packed


@dataclass(frozen=True, kw_only=True)
class NatStatus:
    """What the two ends know about NAT between them.

    Args:
        supported: Whether the peer sent both notifications; without, there is no NAT traversal.
        remote_behind_nat: No NAT_DETECTION_SOURCE_IP matches the address and port that we saw.
        local_behind_nat: NAT_DETECTION_DESTINATION_IP does not match the address that we listen on.
    """

    supported: bool
    remote_behind_nat: bool
    local_behind_nat: bool

    @property
    def detected(self) -> bool:
        """Whether ESP must be encapsulated in UDP."""
        return self.remote_behind_nat or self.local_behind_nat

    @property
    def follow_peer(self) -> bool:
        """Whether to send to where the last authentic message came from: a NAT may change its mapping.

        Not behind a NAT of our own, where an attacker could redirect us (RFC 7296 section 2.23).
        """
        return self.remote_behind_nat and not self.local_behind_nat


def detect(
    sources: Sequence[bytes], destinations: Sequence[bytes], source: bytes, destination: bytes
) -> NatStatus:
    """Compare the peer's hashes with ours.

    Args:
        sources: Data of the NAT_DETECTION_SOURCE_IP notifications; a peer may send several.
        destinations: Data of the NAT_DETECTION_DESTINATION_IP notifications.
        source: Hash of the address and port that the request came from.
        destination: Hash of the address and port that it was sent to.
    """
    supported = bool(sources and destinations)
    return NatStatus(
        supported=supported,
        remote_behind_nat=supported and source not in sources,
        local_behind_nat=supported and destination not in destinations,
    )
