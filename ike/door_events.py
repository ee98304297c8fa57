"""What the front door reports beside drops and messages, and floods; see ``ike.events`` for all the rest."""

from dataclasses import dataclass

from ike.events import DropReason, Event


@dataclass(frozen=True, kw_only=True)
class CookieRequested(Event):
    """An IKE_SA_INIT request was answered with a cookie to return; no state is kept.

    Args:
        reason: Why a cookie is wanted.
        returned: Whether the request held one, which did not verify.
    """

    reason: str
    returned: bool


@dataclass(frozen=True, kw_only=True)
class NatHashesOffered(Event):
    """An IKE_SA_INIT request that belongs to no peer, or came from the wrong port, had NAT detection hashes.

    They tell which address and port the sender believes to have (RFC 7296 section 2.23). Follows the
    ``DatagramDropped`` of the request, or its ``RequestRefused``.

    Args:
        spi_i: The initiator's SPI, which is part of the hashes; the responder's is zero.
        sources: NAT_DETECTION_SOURCE_IP, in hexadecimal; a sender may have several.
        destinations: NAT_DETECTION_DESTINATION_IP, in hexadecimal.
    """

    spi_i: str
    sources: tuple[str, ...]
    destinations: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class EventsSuppressed(Event):
    """Events of one kind came too often to be reported one by one; ``path`` is that of the last one.

    Args:
        kind: Class of the events, for example ``DatagramDropped``.
        reason: The reason that they share when datagrams were dropped, else None.
        count: How many were not reported.
        seconds: In which time.
    """

    kind: str
    reason: DropReason | None
    count: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class VendorsNamed(Event):
    """The peer sent vendor IDs in IKE_SA_INIT (RFC 7296 section 3.12).

    Args:
        known: What is known to send them, without repetition.
        unknown: The others, in hexadecimal.
    """

    known: tuple[str, ...]
    unknown: tuple[str, ...]
