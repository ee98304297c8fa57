"""One IKE SA: its state, its keys, its message IDs and its CHILD SAs (RFC 7296 sections 2.2 to 2.4)."""

from collections import deque
from dataclasses import dataclass, field

from ike.child_sa import EspParameters
from ike.config import PeerConfig
from ike.crypto.keys import IkeKeys
from ike.events import Where
from ike.nat import NatStatus
from ike.path import Path
from ike.proposal import Proposal
from ike.reassembly import Fragmentation
from ike.request import OutstandingRequest, Purpose
from ike.sealing import Sealer
from ike.selection import Selection
from ike.state import Input, State, next_state


@dataclass(frozen=True, kw_only=True)
class InitMessages:
    """What IKE_AUTH needs of IKE_SA_INIT (RFC 7296 section 2.15).

    Args:
        request: The initiator's IKE_SA_INIT message as received.
        response: Our IKE_SA_INIT message as sent.
        nonce_i: The initiator's nonce.
        nonce_r: Our nonce.
    """

    request: bytes
    response: bytes
    nonce_i: bytes
    nonce_r: bytes


@dataclass(eq=False, slots=True, kw_only=True)
class IkeSa:
    """One IKE SA in which the peer is the original initiator.

    Args:
        peer: The peer's configuration.
        spi_i: The initiator's SPI, 8 octets.
        spi_r: Our SPI, 8 octets.
        path: Where the peer was last authenticated from.
        selection: The chosen IKE proposal.
        keys: Keys of the SA.
        sealer: Encrypts and decrypts its messages.
        nat: Outcome of NAT detection.
        init: The IKE_SA_INIT messages; None in an IKE SA that a rekey made.
        state: State of the table in ``ike.state``.
        identity: The peer's identity as text, once authenticated.
        deadline: When the SA is dropped unless something happens before, or None.
        expected_id: Message ID of the next request from the peer.
        last_request: The peer's last request as received; empty when it came in fragments.
        last_response: The datagrams of our response to it, as sent.
        next_id: Message ID of our next request.
        outstanding: Our request under way.
        queued: Purposes of requests that wait for it.
        children: CHILD SAs by our inbound SPI.
        fragmentation: Whether messages may come in fragments, and those that are half here.
    """

    peer: PeerConfig
    spi_i: bytes
    spi_r: bytes
    path: Path
    selection: Selection
    keys: IkeKeys
    sealer: Sealer
    nat: NatStatus
    init: InitMessages | None = None
    state: State = State.HALF_OPEN
    identity: str = ""
    deadline: float | None = None
    expected_id: int = 0
    last_request: bytes = b""
    last_response: tuple[bytes, ...] = ()
    next_id: int = 0
    outstanding: OutstandingRequest | None = None
    queued: deque[Purpose] = field(default_factory=deque)
    children: dict[int, EspParameters] = field(default_factory=dict)
    fragmentation: Fragmentation = field(default_factory=Fragmentation)

    @property
    def name(self) -> str:
        """``SPIi_SPIr`` in hexadecimal."""
        return f"{self.spi_i.hex()}_{self.spi_r.hex()}"

    @property
    def proposal(self) -> Proposal:
        """The chosen IKE proposal."""
        if self.selection.chosen is None:
            raise ValueError("an IKE SA exists only with a chosen proposal")
        return self.selection.chosen

    @property
    def timer(self) -> float | None:
        """When the SA next wants ``handle_timer``."""
        retry_at = self.outstanding.retry_at if self.outstanding else None
        return min(
            (t for t in (self.deadline, retry_at, self.fragmentation.deadline) if t is not None), default=None
        )

    def where(self, path: Path | None = None) -> Where:
        """The common members of this SA's events; ``path`` when the datagram's is not the SA's."""
        return Where(peer=self.peer.name, ike_spi=self.name, path=path or self.path)

    def move(self, step: Input) -> None:
        """Take one step of the state table."""
        self.state = next_state(self.state, step)
