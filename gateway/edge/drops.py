"""What the edge did not let in, and why."""

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address
from typing import Any


class DropReason(Enum):
    """Why a packet was dropped; the value is its name in nftables and in JSON."""

    OUTSIDE_PROFILES = "outside_profiles"
    SERVICE_NOT_EMULATED = "service_not_emulated"
    NO_SYN = "no_syn"
    NO_RETURN_ROUTE = "no_return_route"
    FORWARDING = "forwarding"
    BGP_ADDRESS_PING = "bgp_address_ping"
    BGP_ADDRESS_OTHER = "bgp_address_other"
    INVALID = "invalid"

    @property
    def number(self) -> int:
        """The mark that stands for it in the rules, from 1."""
        return list(DropReason).index(self) + 1

    @property
    def explanation(self) -> str:
        """The reason as a sentence without its full stop."""
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    DropReason.OUTSIDE_PROFILES: "no associated traffic profile covers the destination",
    DropReason.SERVICE_NOT_EMULATED: "a profile covers it, but the lab answers only ping, DNS and HTTP",
    DropReason.NO_SYN: "no SYN was seen: connections are opened by the branch, through the tunnel",
    DropReason.NO_RETURN_ROUTE: "no way back: the CPE has announced no prefix that holds the source",
    DropReason.FORWARDING: "the destination is a branch: there is no path between branches",
    DropReason.BGP_ADDRESS_PING: "the BGP address of Global Secure Access does not answer ping",
    DropReason.BGP_ADDRESS_OTHER: "the BGP address of Global Secure Access answers only TCP port 179",
    DropReason.INVALID: "it belongs to no connection",
}


@dataclass(frozen=True, kw_only=True)
class Drop:
    """Packets of one kind that were dropped, within the last hour since the latest of them.

    Args:
        reason: Why.
        source: Address in the branch.
        destination: Where they wanted to go.
        protocol: ``tcp``, ``udp``, ``icmp``, or the number of another IP protocol.
        port: Destination port of TCP and UDP.
        packets: How many.
    """

    reason: DropReason
    source: IPv4Address
    destination: IPv4Address
    protocol: str
    port: int | None
    packets: int

    def __str__(self) -> str:
        """``10.1.0.10 -> 192.0.2.80 tcp/443, 3 packets: no associated traffic profile covers ...``."""
        service = self.protocol if self.port is None else f"{self.protocol}/{self.port}"
        count = "1 packet" if self.packets == 1 else f"{self.packets} packets"
        return f"{self.source} -> {self.destination} {service}, {count}: {self.reason.explanation}"

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object; ``port`` is left out where there is none."""
        facts = {
            "reason": self.reason.value,
            "source": str(self.source),
            "destination": str(self.destination),
            "protocol": self.protocol,
            "packets": self.packets,
            "explanation": self.reason.explanation,
        }
        return facts if self.port is None else facts | {"port": self.port}


def parse_drops(listing: dict[str, Any]) -> list[Drop]:
    """Read the drops from the sets in what ``nft -j list table`` prints; most packets first."""
    elements = (
        element["elem"]
        for item in listing["nftables"]
        for element in item.get("set", {}).get("elem", ())
        if isinstance(element, dict) and "elem" in element
    )
    return sorted(map(_parse_drop, elements), key=lambda drop: -drop.packets)


def _parse_drop(element: dict[str, Any]) -> Drop:
    mark, source, destination, protocol, *port = element["val"]["concat"]
    return Drop(
        reason=list(DropReason)[mark - 1],
        source=IPv4Address(source),
        destination=IPv4Address(destination),
        protocol=str(protocol),
        port=port[0] if port else None,
        packets=element["counter"]["packets"],
    )


def parse_totals(listing: dict[str, Any]) -> dict[DropReason, int]:
    """Read the packets dropped by reason, since the start, from what ``nft -j list table`` prints."""
    counters = (item["counter"] for item in listing["nftables"] if "counter" in item)
    packets = {counter["name"]: counter["packets"] for counter in counters}
    return {reason: packets[reason.value] for reason in DropReason}
