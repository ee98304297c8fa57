"""How NAT boxes behave: each personality is one row of a table."""

from dataclasses import dataclass
from enum import StrEnum


class Personality(StrEnum):
    """The name of a behaviour."""

    NONE = "none"
    STATIC = "static"
    REWRITE_500 = "rewrite-500"
    REWRITE_4500 = "rewrite-4500"
    SYMMETRIC = "symmetric"
    IDLE_30S = "idle-30s"
    REBIND = "rebind"
    PIN_500 = "pin-500"
    STEAL_500 = "steal-500"
    BAD_CHECKSUM = "bad-checksum"
    DROP_500 = "drop-500"
    DROP_4500 = "drop-4500"
    DROP_FRAGMENTS = "drop-fragments"
    DROP_ESP = "drop-esp"
    DROP_ESP_IN_UDP = "drop-esp-in-udp"
    DROP_ZERO_CHECKSUM = "drop-zero-checksum"


class Drop(StrEnum):
    """What a firewall drops, in both directions."""

    UDP_500 = "udp-500"
    UDP_4500 = "udp-4500"
    FRAGMENTS = "fragments"
    ESP = "esp"
    ESP_IN_UDP = "esp-in-udp"
    ZERO_CHECKSUM = "zero-checksum"


class Ports(StrEnum):
    """Which source ports of UDP become others; the rest is kept as long as no other inside host has it."""

    KEPT = "kept"
    REWRITE_500 = "500"
    REWRITE_4500 = "4500"
    BY_DESTINATION = "by destination"


IDLE = 300.0
"""Seconds until an idle UDP mapping expires, where the personality says nothing (RFC 4787 REQ-5)."""


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What a NAT box does.

    Args:
        translates: Whether it rewrites addresses at all.
        ports: Which source ports it rewrites.
        idle: Seconds until an idle mapping expires.
        pins_500: Keeps source port 500 for one inside host alone, as IPsec pass-through does.
        steals_500: The latest inside host takes the pinned port, rather than being dropped.
        stale_checksum: Leaves the UDP checksum as it was before the rewriting.
        drop: What it drops.
    """

    translates: bool = True
    ports: Ports = Ports.KEPT
    idle: float = IDLE
    pins_500: bool = False
    steals_500: bool = False
    stale_checksum: bool = False
    drop: frozenset[Drop] = frozenset()


BEHAVIOURS: dict[Personality, Behaviour] = {
    Personality.NONE: Behaviour(translates=False),
    Personality.STATIC: Behaviour(),
    Personality.REWRITE_500: Behaviour(ports=Ports.REWRITE_500),
    Personality.REWRITE_4500: Behaviour(ports=Ports.REWRITE_4500),
    Personality.SYMMETRIC: Behaviour(ports=Ports.BY_DESTINATION),
    Personality.IDLE_30S: Behaviour(idle=30.0),
    Personality.REBIND: Behaviour(),
    Personality.PIN_500: Behaviour(pins_500=True),
    Personality.STEAL_500: Behaviour(pins_500=True, steals_500=True),
    Personality.BAD_CHECKSUM: Behaviour(stale_checksum=True),
    Personality.DROP_500: Behaviour(drop=frozenset({Drop.UDP_500})),
    Personality.DROP_4500: Behaviour(drop=frozenset({Drop.UDP_4500})),
    Personality.DROP_FRAGMENTS: Behaviour(drop=frozenset({Drop.FRAGMENTS})),
    Personality.DROP_ESP: Behaviour(drop=frozenset({Drop.ESP})),
    Personality.DROP_ESP_IN_UDP: Behaviour(drop=frozenset({Drop.ESP_IN_UDP})),
    Personality.DROP_ZERO_CHECKSUM: Behaviour(drop=frozenset({Drop.ZERO_CHECKSUM})),
}
