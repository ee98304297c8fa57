"""What the responder reports: one class per kind of event, data rather than text.

Everything that an operator may ask "why?" about is here. Secrets stand in ``IkeKeysDerived`` and
``EspKeysDerived`` alone; only a key log may listen to those two.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Self, TypedDict

from ike.child_sa import EspParameters
from ike.codec import NotifyPayload
from ike.constants import NotifyType, name_of
from ike.crypto.keys import IkeKeys
from ike.nat import NatStatus
from ike.path import Path
from ike.proposal import Proposal
from ike.selection import ProposalVerdict


class DropReason(Enum):
    """Why a datagram was dropped without an answer."""

    TOO_SHORT = "shorter than an IKE header"
    TOO_LONG = "longer than the accepted maximum"
    OLD_VERSION = "IKE version below 2"
    MALFORMED = "not a well-formed IKE message"
    UNKNOWN_SOURCE = "no device link has this source address"
    PORT_REWRITTEN = "the source port is not 500"
    TOO_MANY_FAILED = "too many IKE_AUTH requests of this address failed"
    UNKNOWN_SPI = "no IKE SA has this SPI"
    TOO_MANY_HALF_OPEN = "too many half-open IKE SAs"
    UNEXPECTED_EXCHANGE = "exchange type not accepted in this state"
    UNEXPECTED_MESSAGE_ID = "message ID outside the window"
    UNEXPECTED_RESPONSE = "response to no request of ours"
    NOT_ENCRYPTED = "message is not encrypted"
    INTEGRITY = "integrity check failed"
    FRAGMENTATION_NOT_NEGOTIATED = "fragment of a message without negotiated fragmentation"
    UNEXPECTED_FRAGMENT = "fragment that is not needed"
    TOO_MANY_FRAGMENTED = "too many half-open IKE SAs wait for fragments"


class Where(TypedDict):
    """The members that every event has."""

    peer: str
    ike_spi: str
    path: Path


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events.

    Args:
        peer: Name of the peer configuration, empty when none applies.
        ike_spi: ``SPIi_SPIr`` in hexadecimal, empty when there is no IKE SA.
        path: The path of the datagram that caused the event, or of the SA.
    """

    peer: str = ""
    ike_spi: str = ""
    path: Path


@dataclass(frozen=True, kw_only=True)
class DatagramDropped(Event):
    """A datagram was dropped without an answer.

    Args:
        reason: Which rule dropped it.
        detail: What was seen, for people.
    """

    reason: DropReason
    detail: str


@dataclass(frozen=True, kw_only=True)
class MessageEvent(Event):
    """A message went or came.

    Args:
        exchange: Name of the exchange type.
        message_id: Message ID.
        is_response: Whether it answers a request.
        length: Octets of the IKE message, of all its fragments when it came in fragments.
        payloads: Names of the payloads, decrypted ones included.
        fragments: Octets of each fragment in their order (RFC 7383); empty for a whole message.
    """

    exchange: str
    message_id: int
    is_response: bool
    length: int
    payloads: tuple[str, ...]
    fragments: tuple[int, ...] = ()


class MessageReceived(MessageEvent):
    """A message was accepted."""


class MessageSent(MessageEvent):
    """A message was sent."""


@dataclass(frozen=True, kw_only=True)
class ReassemblyStarted(Event):
    """The first fragment of a message came, or the first one of a larger number of fragments (RFC 7383).

    Args:
        exchange: Name of the exchange type.
        message_id: Message ID.
        is_response: Whether it answers a request of ours.
        total: Fragments that the message has.
    """

    exchange: str
    message_id: int
    is_response: bool
    total: int


@dataclass(frozen=True, kw_only=True)
class IncompleteMessageDropped(Event):
    """The fragments of a message that did not become complete were forgotten (RFC 7383).

    Args:
        exchange: Name of the exchange type.
        message_id: Message ID.
        is_response: Whether it answers a request of ours.
        received: Numbers of the fragments that came, from 1.
        total: Fragments that the message has.
        fragments: Octets of each fragment that came, in the order of ``received``.
        reason: Why.
    """

    exchange: str
    message_id: int
    is_response: bool
    received: tuple[int, ...]
    total: int
    fragments: tuple[int, ...]
    reason: str


@dataclass(frozen=True, kw_only=True)
class RequestRepeated(Event):
    """The peer sent a request again; the cached response was sent again.

    Args:
        exchange: Name of the exchange type.
        message_id: Message ID.
    """

    exchange: str
    message_id: int


@dataclass(frozen=True, kw_only=True)
class RequestRetransmitted(Event):
    """We sent a request again because no response came.

    Args:
        exchange: Name of the exchange type.
        message_id: Message ID.
        attempt: 1 for the first retransmission.
    """

    exchange: str
    message_id: int
    attempt: int


@dataclass(frozen=True, kw_only=True)
class ProposalsEvaluated(Event):
    """The proposals of an SA payload were matched against the policy.

    Args:
        exchange: Name of the exchange type.
        verdicts: One per offered proposal.
        selected: The proposal that was chosen, or None.
        suite: Name of the policy's suite that matched, or empty.
        groups_without_meaning: DH groups that were offered where no key exchange takes place: for the first
            CHILD SA, in IKE_AUTH.
    """

    exchange: str
    verdicts: tuple[ProposalVerdict, ...]
    selected: Proposal | None
    suite: str
    groups_without_meaning: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NatDetection(Event):
    """The NAT detection hashes were compared.

    Args:
        status: The outcome.
        source_hash: The peer's NAT_DETECTION_SOURCE_IP, hexadecimal, as evidence.
        destination_hash: The peer's NAT_DETECTION_DESTINATION_IP, hexadecimal.
        spis: SPIi and SPIr of the message, hexadecimal: what the hashes cover beside address and port.
    """

    status: NatStatus
    source_hash: str
    destination_hash: str
    spis: str = ""


@dataclass(frozen=True, kw_only=True)
class IkeKeysDerived(Event):
    """Keys of an IKE SA exist. Secret: for a key log only.

    Args:
        selected: The IKE SA's proposal.
        keys: The keys.
    """

    selected: Proposal
    keys: IkeKeys = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class EspKeysDerived(Event):
    """Keys of a CHILD SA exist. Secret: for a key log only.

    Args:
        esp: Parameters with keys.
    """

    esp: EspParameters = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class IdentityOffered(Event):
    """The peer named itself.

    Args:
        offered: IDi as text.
        expected: The identity that the configuration expects.
        wanted_of_us: IDr as text when the peer asked for one, else empty.
        ours: The identity that we send.
    """

    offered: str
    expected: str
    wanted_of_us: str
    ours: str


@dataclass(frozen=True, kw_only=True)
class AuthResult(Event):
    """The peer's AUTH payload was checked.

    Args:
        ok: Whether it proves the pre-shared key.
        detail: Why not, empty when ok.
        hint: The candidate key that verifies it instead, in words that do not show it; empty when none does,
            None when none was tried.
        key_of: Name of the peer whose key that is; empty for a variant of the peer's own.
        identity_refused: Whether it proves the key, and the identity is not the expected one.
    """

    ok: bool
    detail: str = ""
    hint: str | None = None
    key_of: str = ""
    identity_refused: bool = False


@dataclass(frozen=True, kw_only=True)
class SelectorsNarrowed(Event):
    """The traffic selectors were compared with any-to-any.

    Args:
        offered_initiator: TSi as text.
        offered_responder: TSr as text.
        accepted: Whether both contain any-to-any.
    """

    offered_initiator: tuple[str, ...]
    offered_responder: tuple[str, ...]
    accepted: bool


@dataclass(frozen=True, kw_only=True)
class RequestRefused(Event):
    """A request was answered with an error notification.

    Args:
        exchange: Name of the exchange type.
        notify: Name of the notify type.
        reason: What was seen and what was expected.
    """

    exchange: str
    notify: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class NotifyReceived(Event):
    """The peer sent a notification in an INFORMATIONAL exchange, its own or ours.

    Args:
        exchange: Name of the exchange type.
        notify: Name of the notify type.
        is_error: Whether it reports an error.
    """

    exchange: str
    notify: str
    is_error: bool


@dataclass(frozen=True, kw_only=True)
class IkeSaInitAnswered(Event):
    """IKE_SA_INIT succeeded; the IKE SA is half-open.

    Args:
        suite: The IKE SA's algorithms in one line.
    """

    suite: str


@dataclass(frozen=True, kw_only=True)
class IkeSaEstablished(Event):
    """The peer is authenticated.

    Args:
        suite: The IKE SA's algorithms in one line.
        identity: The peer's identity.
    """

    suite: str
    identity: str


@dataclass(frozen=True, kw_only=True)
class IkeSaRekeyed(Event):
    """A new IKE SA took over the CHILD SAs; ``ike_spi`` is the new one.

    Args:
        replaces: ``SPIi_SPIr`` of the old IKE SA.
        suite: The new IKE SA's algorithms.
    """

    replaces: str
    suite: str


@dataclass(frozen=True, kw_only=True)
class IkeSaClosed(Event):
    """An IKE SA ended; its CHILD SAs are closed by events of their own before this one.

    Args:
        reason: Why.
        was_established: Whether the peer had been authenticated.
        rekeyed: Whether another IKE SA lives on in its place.
    """

    reason: str
    was_established: bool
    rekeyed: bool


@dataclass(frozen=True, kw_only=True)
class ChildSaEstablished(Event):
    """A CHILD SA exists. Fetch its keys by ``Responder.esp_parameters(spi_in)`` before sending any datagram.

    Args:
        spi_in: Our inbound SPI.
        spi_out: The peer's inbound SPI.
        suite: The algorithms in one line.
        udp_encapsulation: ESP in UDP rather than protocol 50.
        replaces: ``spi_in`` of the CHILD SA that it rekeys, or None.
        initiated_by_us: Whether we asked for it, and it stays: the peer has it already, so we send on it at
            once (RFC 7296 section 2.8).
    """

    spi_in: int
    spi_out: int
    suite: str
    udp_encapsulation: bool
    replaces: int | None
    initiated_by_us: bool = False


@dataclass(frozen=True, kw_only=True)
class ChildSaClosed(Event):
    """A CHILD SA ended.

    Args:
        spi_in: Our inbound SPI.
        spi_out: The peer's inbound SPI.
        reason: Why.
    """

    spi_in: int
    spi_out: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class PathChanged(Event):
    """The peer of an IKE SA has moved: a NAT's new mapping (RFC 7296 section 2.23), or MOBIKE (RFC 4555).

    Args:
        old: Where we sent until now.
        new: Where IKE and ESP go from now on.
        spis_in: Our inbound SPIs of the CHILD SAs that move.
        udp_encapsulation: Whether their ESP goes in UDP on the new path.
    """

    old: Path
    new: Path
    spis_in: tuple[int, ...]
    udp_encapsulation: bool


@dataclass(frozen=True, kw_only=True)
class LivenessChecked(Event):
    """An empty INFORMATIONAL exchange was completed.

    Args:
        by_peer: Whether the peer asked.
    """

    by_peer: bool


@dataclass(frozen=True, kw_only=True)
class RoutabilityChecked(Event):
    """The peer was asked whether it is at the address that it has moved to (RFC 4555 section 3.7).

    Args:
        ok: Whether it returned our COOKIE2.
    """

    ok: bool


@dataclass(frozen=True, kw_only=True)
class OwnRequestRefused(Event):
    """The peer refused a request of ours.

    Args:
        purpose: What we asked for: ``rekey the CHILD SA``.
        notify: Name of the notify type of the answer.
        again: Whether we ask again at once, with what the peer wants.
    """

    purpose: str
    notify: str
    again: bool

    @classmethod
    def of(cls, where: Where, purpose: str, error: NotifyPayload, *, again: bool) -> Self:
        """The event for the error notification of an answer."""
        return cls(**where, purpose=purpose, notify=name_of(NotifyType, error.notify_type), again=again)


@dataclass(frozen=True, kw_only=True)
class RekeyCollision(Event):
    """Both ends rekeyed the same SA at the same time; the lowest nonce lost (RFC 7296 section 2.8.1).

    Args:
        of_ike_sa: Whether it was the IKE SA rather than a CHILD SA.
        ours_stays: Whether the SA that we made stays.
    """

    of_ike_sa: bool
    ours_stays: bool


@dataclass(frozen=True, kw_only=True)
class ResponseUnusable(Event):
    """The peer's response is authentic, but no possible answer to our request.

    Args:
        exchange: Name of the exchange type.
        reason: What was seen and what was expected.
    """

    exchange: str
    reason: str
