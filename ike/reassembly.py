"""What an IKE SA knows of fragmentation (RFC 7383): the messages that are half here, the size that fits."""

from dataclasses import dataclass, field

from ike.codec import EncryptedFragmentPayload, EncryptedPayload, Header, Message, Payload
from ike.constants import ExchangeType, name_of
from ike.events import IncompleteMessageDropped, Where

_WITHOUT_PADDING = b"\x00"
"""A pad length of zero: what ends a plaintext that has no padding."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A message that was decrypted, whole or put together from its fragments.

    Args:
        message: As parsed. A reassembled one looks as if it had come whole: its last payload is SK.
        plaintext: Its inner payloads, for ``ike.sealing.parse_inner``.
        first_datagram: The datagram, or that of the first fragment: a retransmission is known by it.
        datagrams: Octets of each datagram that it came in, in the order of the fragment numbers.
        in_fragments: Whether it came in SKF payloads.
    """

    message: Message
    plaintext: bytes = field(repr=False)
    first_datagram: bytes = field(repr=False)
    datagrams: tuple[int, ...]
    in_fragments: bool

    @property
    def length(self) -> int:
        """Octets of all its datagrams."""
        return sum(self.datagrams)

    @property
    def fragments(self) -> tuple[int, ...]:
        """Octets of each fragment; empty for a message that came whole."""
        return self.datagrams if self.in_fragments else ()


@dataclass(frozen=True, slots=True)
class _Stored:
    """A fragment that was authenticated."""

    outer: tuple[Payload, ...]
    first_inner: int
    content: bytes = field(repr=False)
    datagram: bytes = field(repr=False)


@dataclass(slots=True)
class Reassembly:
    """The fragments of one message so far, in whatever order they came (RFC 7383 section 2.6).

    Args:
        header: The header of the fragment that came first.
        total: Fragments that the message has.
        deadline: When it is given up, on the caller's clock.
    """

    header: Header
    total: int
    deadline: float
    _stored: dict[int, _Stored] = field(default_factory=dict, repr=False)

    @property
    def octets(self) -> int:
        """Octets of the datagrams so far."""
        return sum(len(part.datagram) for part in self._stored.values())

    def belongs(self, header: Header) -> bool:
        """Whether a fragment with this header is one of this message."""
        ours = self.header
        return (ours.message_id, ours.exchange) == (header.message_id, header.exchange)

    def has(self, number: int) -> bool:
        """Whether that fragment is here already."""
        return number in self._stored

    def add(
        self, datagram: bytes, outer: tuple[Payload, ...], fragment: EncryptedFragmentPayload, content: bytes
    ) -> None:
        """Keep a fragment that was authenticated.

        Args:
            datagram: All of it.
            outer: The payloads before SKF.
            fragment: Its SKF payload.
            content: What was in it.
        """
        self._stored[fragment.number] = _Stored(outer, fragment.first_inner, content, datagram)

    @property
    def complete(self) -> bool:
        """Whether every fragment is here."""
        return len(self._stored) == self.total

    def join(self) -> Opened:
        """The message, once it is complete; the first fragment names its first inner payload."""
        parts = [self._stored[number] for number in range(1, self.total + 1)]
        outer = tuple(payload for part in parts for payload in part.outer)
        sk = EncryptedPayload(parts[0].first_inner, b"")
        return Opened(
            Message(self.header, (*outer, sk)),
            b"".join(part.content for part in parts) + _WITHOUT_PADDING,
            parts[0].datagram,
            tuple(len(part.datagram) for part in parts),
            in_fragments=True,
        )

    def dropped(self, where: Where, reason: str) -> IncompleteMessageDropped:
        """The event that says that it was given up."""
        return IncompleteMessageDropped(
            **where,
            exchange=name_of(ExchangeType, self.header.exchange),
            message_id=self.header.message_id,
            is_response=self.header.is_response,
            received=tuple(sorted(self._stored)),
            total=self.total,
            fragments=tuple(len(self._stored[number].datagram) for number in sorted(self._stored)),
            reason=reason,
        )


@dataclass(slots=True)
class Fragmentation:
    """What an IKE SA knows of fragmentation.

    Args:
        negotiated: Whether both ends announced it in IKE_SA_INIT (RFC 7383 section 2.3).
        path_is_small: Whether a request of ours got through only in small fragments (section 2.5.2).
        partial: Messages that are half here, by whether they are responses: one for each direction, since
            the window is 1.
    """

    negotiated: bool = False
    path_is_small: bool = False
    partial: dict[bool, Reassembly] = field(default_factory=dict)

    @property
    def deadline(self) -> float | None:
        """When the next half message is given up, or None."""
        return min((partial.deadline for partial in self.partial.values()), default=None)

    def inherited(self) -> "Fragmentation":
        """What an IKE SA that replaces this one starts with; there is no new IKE_SA_INIT to negotiate in."""
        return Fragmentation(self.negotiated, self.path_is_small)

    def abandon(self, where: Where, reason: str) -> list[IncompleteMessageDropped]:
        """Forget all half messages; the events that say so."""
        events = [partial.dropped(where, reason) for partial in self.partial.values()]
        self.partial.clear()
        return events
