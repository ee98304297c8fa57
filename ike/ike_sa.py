"""One IKE SA: its state, its keys, its message IDs and its CHILD SAs (RFC 7296 sections 2.2 to 2.4)."""

from collections import deque
from dataclasses import dataclass, field

from ike.child_sa import ChildSa
from ike.config import PeerConfig
from ike.crypto.keys import IkeKeys
from ike.events import Where
from ike.flood import FloodReport
from ike.nat import NatStatus
from ike.path import Path
from ike.proposal import Proposal
from ike.reassembly import Fragmentation
from ike.request import OutstandingRequest, Request
from ike.sealing import Sealer
from ike.selection import Selection
from ike.state import TRANSITIONS, Input, State, next_state


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
    """One IKE SA.

    Args:
        peer: The peer's configuration.
        spi_i: The original initiator's SPI, 8 octets.
        spi_r: The original responder's SPI, 8 octets.
        we_initiated: Whether we are the original initiator: so of an IKE SA that our own rekey made.
        path: Where the peer was last authenticated from.
        selection: The chosen IKE proposal.
        keys: Keys of the SA.
        sealer: Encrypts and decrypts its messages.
        nat: Outcome of NAT detection.
        init: The IKE_SA_INIT messages; None in an IKE SA that a rekey made.
        state: State of the table in ``ike.state``.
        identity: The peer's identity as text, once authenticated.
        has_successor: Whether another IKE SA has taken over the CHILD SAs.
        is_buried: Whether the SA has ended and its secrets are gone.
        mobike: Whether both ends said that they support MOBIKE.
        deadline: When the SA is dropped unless something happens before, or None.
        rekey_at: When we ask for its replacement, or None.
        expire_at: When we delete it, or None.
        probe_at: When we ask for a sign of life, or None.
        expected_id: Message ID of the next request from the peer.
        last_request: The peer's last request as received; of one in fragments, the first.
        last_response: The datagrams of our response to it, as sent.
        next_id: Message ID of our next request.
        outstanding: Our request under way.
        queued: Requests that wait for it.
        postponed: Requests that wait for their time, with it.
        put_off: When the peer's current series of TEMPORARY_FAILURE began, and when the last one came.
        children: CHILD SAs by our inbound SPI.
        fragmentation: Whether messages may come in fragments, and those that are half here.
        flood: Counts what whoever knows the SPIs can cause too often; None until something was.
    """

    peer: PeerConfig
    spi_i: bytes
    spi_r: bytes
    we_initiated: bool = False
    path: Path
    selection: Selection
    keys: IkeKeys = field(repr=False)
    sealer: Sealer = field(repr=False)
    nat: NatStatus
    init: InitMessages | None = None
    state: State = State.HALF_OPEN
    identity: str = ""
    has_successor: bool = False
    is_buried: bool = False
    mobike: bool = False
    deadline: float | None = None
    rekey_at: float | None = None
    expire_at: float | None = None
    probe_at: float | None = None
    expected_id: int = 0
    last_request: bytes = b""
    last_response: tuple[bytes, ...] = ()
    next_id: int = 0
    outstanding: OutstandingRequest | None = None
    queued: deque[Request] = field(default_factory=deque)
    postponed: list[tuple[float, Request]] = field(default_factory=list)
    put_off: tuple[float, float] | None = None
    children: dict[int, ChildSa] = field(default_factory=dict)
    fragmentation: Fragmentation = field(default_factory=Fragmentation)
    flood: FloodReport | None = None
    name: str = field(init=False)
    """``SPIi_SPIr`` in hexadecimal."""

    def __post_init__(self) -> None:
        self.name = f"{self.spi_i.hex()}_{self.spi_r.hex()}"

    @property
    def own_spi(self) -> bytes:
        """The SPI that we chose: where messages for this SA are found by."""
        return self.spi_i if self.we_initiated else self.spi_r

    @property
    def proposal(self) -> Proposal:
        """The chosen IKE proposal."""
        if self.selection.chosen is None:
            raise ValueError("an IKE SA exists only with a chosen proposal")
        return self.selection.chosen

    @property
    def timer(self) -> float | None:
        """When the SA next wants ``session.handle_timer``."""
        retry_at = self.outstanding.retry_at if self.outstanding else None
        times = [self.deadline, self.rekey_at, self.expire_at, self.probe_at, retry_at]
        times += (self.fragmentation.deadline, self.flood.timer if self.flood else None)
        times += (at for at, _ in self.postponed)
        for child in self.children.values():
            times += (child.rekey_at, child.expire_at, child.trial_at)
        return min((t for t in times if t is not None), default=None)

    def where(self, path: Path | None = None) -> Where:
        """The common members of this SA's events; ``path`` when the datagram's is not the SA's."""
        return {"peer": self.peer.name, "ike_spi": self.name, "path": path or self.path}

    def move(self, step: Input) -> None:
        """Take one step of the state table."""
        self.state = next_state(TRANSITIONS, self.state, step)

    @property
    def has_answered(self) -> bool:
        """Whether the peer may be waiting for our answer to a protected request."""
        return self.expected_id > 1 or (self.init is None and self.expected_id > 0)

    def bury(self) -> None:
        """Drop the secrets of an SA that has ended."""
        del self.keys, self.sealer
        self.init = self.outstanding = None
        self.queued.clear()
        self.postponed.clear()
        self.is_buried = True
