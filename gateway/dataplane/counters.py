"""What the dataplane counts: inner packets and their octets, and every packet that it did not pass on."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from gateway.dataplane.esp import EspDrop
from ike.path import Path


class Direction(StrEnum):
    """Which way a packet went, seen from the gateway."""

    IN = "in"
    """From the CPE."""
    OUT = "out"
    """To the CPE."""


class DropReason(StrEnum):
    """Why a packet was dropped; the members up to ``INNER_PACKET`` mean what ``EspDrop`` says."""

    UNKNOWN_SPI = "unknown_spi"
    """No SA of ours has this SPI: an SA that is gone, or an attempt from outside (RFC 4303 section 3.4.2)."""
    MALFORMED = EspDrop.MALFORMED.value
    REPLAY = EspDrop.REPLAY.value
    AUTHENTICATION = EspDrop.AUTHENTICATION.value
    PADDING = EspDrop.PADDING.value
    DUMMY = EspDrop.DUMMY.value
    NEXT_HEADER = EspDrop.NEXT_HEADER.value
    INNER_PACKET = EspDrop.INNER_PACKET.value
    NOT_IPV4 = "not_ipv4"
    """The traffic selectors 0.0.0.0/0 allow IPv4 only."""
    BANDWIDTH = "bandwidth"
    """Beyond the bandwidth tier of the device link."""
    NO_SA = "no_sa"
    """Nothing to send it on: the tunnel has no CHILD SA."""
    SEQUENCE_EXHAUSTED = "sequence_exhausted"
    """The SA has no sequence numbers left and was not rekeyed in time (RFC 4303 section 3.3.3)."""
    DEVICE = "device"
    """The TUN device did not take it: it is down or gone."""


@dataclass(frozen=True, kw_only=True)
class SaCounters:
    """One CHILD SA: inner packets and octets that passed the checks of ESP.

    Args:
        spi_in: Our SPI.
        spi_out: The peer's SPI.
        sending: Whether the tunnel's packets go out on it now.
        path: Where it sends, the ports 0 for ESP without UDP.
        heard_at: When the last authentic packet came, on the event loop's clock; None before the first.
    """

    spi_in: int
    spi_out: int
    sending: bool
    path: Path
    heard_at: float | None
    packets_in: int
    bytes_in: int
    packets_out: int
    bytes_out: int


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What a CHILD SA has carried, for the timers of its IKE SA.

    Args:
        spi_in: Our SPI.
        heard_at: When the last authentic packet came, on the event loop's clock; None before the first.
        sent: Sequence numbers used since it was installed.
    """

    spi_in: int
    heard_at: float | None
    sent: int


@dataclass(frozen=True, kw_only=True)
class TunnelCounters:
    """One tunnel since it was added: inner packets and octets passed on, drops by reason.

    Args:
        sas: Its CHILD SAs, oldest first; one that was removed is gone here but stays in the sums.
    """

    packets_in: int
    bytes_in: int
    packets_out: int
    bytes_out: int
    drops_in: dict[DropReason, int]
    drops_out: dict[DropReason, int]
    sas: tuple[SaCounters, ...]


class Tally:
    """The running counters of one direction of a tunnel."""

    def __init__(self) -> None:
        self.packets = 0
        self.bytes = 0
        self.drops: Counter[DropReason] = Counter()
