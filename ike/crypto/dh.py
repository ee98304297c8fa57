"""Diffie-Hellman for KE payloads (RFC 7296 sections 1.2 and 3.4): one front for all groups."""

from collections.abc import Callable
from typing import Protocol

from ike.constants import DhGroup
from ike.crypto import ecp, modp
from ike.crypto.errors import InvalidPublicKey

__all__ = ["SUPPORTED_GROUPS", "DhKey", "InvalidPublicKey", "generate", "public_length"]

SUPPORTED_GROUPS = modp.GROUPS | ecp.GROUPS
"""The groups implemented: MODP 1, 2, 5, 14 to 18 and 22 to 24, ECP 19 to 21, Curve25519."""


class DhKey(Protocol):
    """Our key of one exchange. Make a new one for every exchange: reuse would need more checks (RFC 6989).

    Group 24 and its like have small subgroups, and that a public value lies in none of them is not checked.
    """

    @property
    def group(self) -> DhGroup:
        """The group it belongs to."""

    @property
    def public(self) -> bytes:
        """The key exchange data of our KE payload."""

    def shared(self, peer_public: bytes) -> bytes:
        """The shared secret g^ir, from the key exchange data of the peer.

        Raises:
            InvalidPublicKey: The data has the wrong length or is no point or number that the group allows.
        """


def generate(group: DhGroup, random: Callable[[int], bytes]) -> DhKey:
    """A new key.

    Args:
        group: One of ``SUPPORTED_GROUPS``.
        random: Returns as many unpredictable octets as it is asked for; asked once.
    """
    if group in modp.GROUPS:
        return modp.generate(group, random)
    return ecp.generate(group, random)


def public_length(group: DhGroup) -> int:
    """Octets of the key exchange data of a supported group."""
    return modp.public_length(group) if group in modp.GROUPS else ecp.public_length(group)
