"""What a probe is told: the device link's side of the tunnel, and what it offers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any

from gateway.lab.probe.proposals import Offer, transforms_of
from ike.constants import ProtocolId
from ike.proposal import Proposal

FILE = "/run/probe.json"
"""Where a probe finds its settings, in its node."""
LOG = "/run/probe.log"
"""Where a lab lets it write its log."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One tunnel.

    Args:
        endpoint: The gateway's address.
        identity: What the probe calls itself, an IPv4 address.
        psk: Pre-shared key.
        bgp_addresses: The probe's own and the gateway's: the ends of its pings.
        ike: What it offers for the IKE SA.
        esp: What it offers for the CHILD SA.
    """

    endpoint: IPv4Address
    identity: IPv4Address
    psk: str = field(repr=False)
    bgp_addresses: tuple[IPv4Address, IPv4Address]
    ike: Sequence[Offer]
    esp: Sequence[Offer]

    def as_json(self) -> dict[str, Any]:
        """As it stands in the probe's file."""
        return {
            "endpoint": str(self.endpoint),
            "identity": str(self.identity),
            "psk": self.psk,
            "bgp_addresses": list(map(str, self.bgp_addresses)),
            "ike": list(map(dict, self.ike)),
            "esp": list(map(dict, self.esp)),
        }

    def proposals(self, protocol: ProtocolId, spi: bytes = b"") -> tuple[Proposal, ...]:
        """What is offered for a protocol, numbered."""
        offers = self.ike if protocol is ProtocolId.IKE else self.esp
        return tuple(Proposal(n, protocol, spi, transforms_of(offer)) for n, offer in enumerate(offers, 1))


def settings_from(data: dict[str, Any]) -> Settings:
    """Read what ``as_json`` wrote."""
    ours, theirs = map(IPv4Address, data["bgp_addresses"])
    return Settings(
        endpoint=IPv4Address(data["endpoint"]),
        identity=IPv4Address(data["identity"]),
        psk=data["psk"],
        bgp_addresses=(ours, theirs),
        ike=data["ike"],
        esp=data["esp"],
    )
