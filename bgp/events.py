"""What the BGP side reports. Every event is plain, frozen data."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network


class FsmState(StrEnum):
    """States of a BGP session, as ExaBGP names them (RFC 4271 section 8.2.2)."""

    IDLE = "IDLE"
    ACTIVE = "ACTIVE"
    CONNECT = "CONNECT"
    OPENSENT = "OPENSENT"
    OPENCONFIRM = "OPENCONFIRM"
    ESTABLISHED = "ESTABLISHED"


@dataclass(frozen=True, kw_only=True)
class BgpEvent:
    """One thing that happened on the BGP side of a remote network."""


@dataclass(frozen=True, kw_only=True)
class NeighborEvent(BgpEvent):
    """One thing that happened to a neighbour.

    Args:
        neighbor: Name of the neighbour.
    """

    neighbor: str


@dataclass(frozen=True, kw_only=True)
class Connected(NeighborEvent):
    """The CPE's TCP connection was accepted; the OPEN messages follow."""


@dataclass(frozen=True, kw_only=True)
class SessionState(NeighborEvent):
    """The session changed its state.

    Args:
        state: The new state.
    """

    state: FsmState


@dataclass(frozen=True, kw_only=True)
class OpenReceived(NeighborEvent):
    """The CPE's OPEN message came (RFC 4271 section 4.2); whether it is acceptable is yet to be seen.

    Args:
        peer_as: AS number (of the four-octet AS capability when there was one).
        router_id: BGP identifier.
        peer_hold_time: Hold time in seconds that the CPE proposes.
    """

    peer_as: int
    router_id: IPv4Address
    peer_hold_time: int


@dataclass(frozen=True, kw_only=True)
class Established(NeighborEvent):
    """The session is up.

    Args:
        peer_as: AS number of the CPE's OPEN (of its four-octet AS capability when it sent one).
        router_id: BGP identifier of the CPE.
        hold_time: Negotiated hold time in seconds: the smaller of both.
        peer_hold_time: Hold time in seconds that the CPE proposed.
        families: Address families that both sides have: ``("ipv4 unicast",)``.
        capabilities: Names of the capabilities of the CPE's OPEN.
    """

    peer_as: int
    router_id: IPv4Address
    hold_time: int
    peer_hold_time: int
    families: tuple[str, ...]
    capabilities: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Closed(NeighborEvent):
    """The session or the attempt at one ended.

    Args:
        reason: Why, in words.
        was_established: Whether the session had been up.
    """

    reason: str
    was_established: bool


@dataclass(frozen=True, kw_only=True)
class RoutesLearned(NeighborEvent):
    """The CPE announced prefixes, new ones or known ones with other attributes.

    Args:
        prefixes: The prefixes of one UPDATE that share these attributes.
        next_hop: Their next hop.
        as_path: AS numbers from the nearest to the origin; members of sets in the order received.
    """

    prefixes: tuple[IPv4Network, ...]
    next_hop: IPv4Address
    as_path: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class RoutesWithdrawn(NeighborEvent):
    """Learned prefixes are gone: withdrawn by the CPE or lost with the session.

    Args:
        prefixes: The prefixes.
    """

    prefixes: tuple[IPv4Network, ...]


@dataclass(frozen=True, kw_only=True)
class PrefixLimitExceeded(NeighborEvent):
    """The CPE announces more prefixes than it may; what is too much was not learned, and the session ends.

    Args:
        count: Prefixes with those of the last UPDATE.
        limit: How many it may announce.
    """

    count: int
    limit: int


@dataclass(frozen=True, kw_only=True)
class RoutesAdvertised(NeighborEvent):
    """All that is to be advertised, and nothing else, has been sent to the CPE in UPDATE messages.

    Args:
        count: Number of prefixes the CPE holds from us now.
    """

    count: int


@dataclass(frozen=True, kw_only=True)
class NotificationEvent(NeighborEvent):
    """A NOTIFICATION message (RFC 4271 section 4.5).

    Args:
        code: Error code.
        subcode: Error subcode.
        text: Names of both: ``OPEN Message Error / Bad Peer AS``.
        data: The data field.
        detail: The data field as text where it is text, else empty.
    """

    code: int
    subcode: int
    text: str
    data: bytes
    detail: str


@dataclass(frozen=True, kw_only=True)
class NotificationSent(NotificationEvent):
    """The speaker ended the session with a NOTIFICATION."""


@dataclass(frozen=True, kw_only=True)
class NotificationReceived(NotificationEvent):
    """The CPE ended the session with a NOTIFICATION."""


@dataclass(frozen=True, kw_only=True)
class SpeakerStarted(BgpEvent):
    """ExaBGP runs and listens on TCP port 179.

    Args:
        pid: Its process.
    """

    pid: int


@dataclass(frozen=True, kw_only=True)
class SpeakerStopped(BgpEvent):
    """ExaBGP has ended or could not be started.

    Args:
        reason: Why, with the last words of ExaBGP where it ended by itself.
        restart_in: Seconds until the next start, None when it was stopped on purpose.
    """

    reason: str
    restart_in: float | None


@dataclass(frozen=True, kw_only=True)
class SpeakerMessage(BgpEvent):
    """ExaBGP wrote an error to its log.

    Args:
        source: The part of ExaBGP: ``network``, ``configuration``.
        text: The message.
    """

    source: str
    text: str


@dataclass(frozen=True, kw_only=True)
class UnexpectedOutput(BgpEvent):
    """ExaBGP reported something that is not understood; it was ignored.

    Args:
        reason: What is wrong with it.
        text: The beginning of what was reported.
    """

    reason: str
    text: str
