"""A responder in memory with the clock and the wire in the test's hands, and the policies that tests use."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from ike.config import Lifetimes, Limits, PeerConfig
from ike.constants import DhGroup, Encr, Esn, Integ, Prf, ProtocolId, TransformType
from ike.events import DatagramDropped, DropReason, Event
from ike.identification import Identification
from ike.ike_sa import IkeSa
from ike.path import Path
from ike.proposal import Proposal, Suite, alternatives, encr
from ike.responder import Responder

E = TypeVar("E", bound=Event)

GATEWAY, CPE = "198.51.100.20", "203.0.113.10"
PATH_500 = Path(GATEWAY, 500, CPE, 500)
PATH_4500 = Path(GATEWAY, 4500, CPE, 4500)
PSK = b"a-shared-secret"

IKE_GCM_256 = Suite(
    "gcm-256, group 14",
    ProtocolId.IKE,
    {
        TransformType.ENCR: (encr(Encr.AES_GCM_16, 256),),
        TransformType.PRF: alternatives(TransformType.PRF, [Prf.HMAC_SHA2_384]),
        TransformType.DH: alternatives(TransformType.DH, [DhGroup.MODP_2048]),
    },
)
IKE_CBC_128 = Suite(
    "cbc-128, P-256",
    ProtocolId.IKE,
    {
        TransformType.ENCR: (encr(Encr.AES_CBC, 128),),
        TransformType.PRF: alternatives(TransformType.PRF, [Prf.HMAC_SHA2_256]),
        TransformType.INTEG: alternatives(TransformType.INTEG, [Integ.HMAC_SHA2_256_128]),
        TransformType.DH: alternatives(TransformType.DH, [DhGroup.ECP_256]),
    },
)
ESP_GCM_256 = Suite(
    "esp gcm-256",
    ProtocolId.ESP,
    {
        TransformType.ENCR: (encr(Encr.AES_GCM_16, 256),),
        TransformType.ESN: alternatives(TransformType.ESN, [Esn.NO_ESN, Esn.ESN]),
    },
)
ESP_NULL = Suite(
    "esp null, sha-256",
    ProtocolId.ESP,
    {
        TransformType.ENCR: (encr(Encr.NULL),),
        TransformType.INTEG: alternatives(TransformType.INTEG, [Integ.HMAC_SHA2_256_128]),
        TransformType.ESN: alternatives(TransformType.ESN, [Esn.NO_ESN, Esn.ESN]),
    },
)
FOREVER = Lifetimes(ike=math.inf, child=math.inf)
PEER = PeerConfig(
    name="branch/cpe/0",
    psk=PSK,
    local_identity=Identification.from_address(GATEWAY),
    expected_identity=Identification.from_address(CPE),
    ike_suites=(IKE_GCM_256, IKE_CBC_128),
    esp_suites=(ESP_GCM_256, ESP_NULL),
    lifetimes=FOREVER,
    liveness_interval=0,
)


def counting_random(seed: str) -> Callable[[int], bytes]:
    """Octets that look random and are the same in every run."""
    draws = count()

    def draw(length: int) -> bytes:
        return hashlib.shake_256(f"{seed} {next(draws)}".encode()).digest(length)

    return draw


def proposal_of(suite: Suite, *, spi: bytes = b"", number: int = 1) -> Proposal:
    """A proposal that offers the first alternative of each type of a suite."""
    transforms = tuple(choices[0] for choices in suite.transforms.values())
    return Proposal(number, suite.protocol, spi, transforms)


@dataclass
class World:
    """A responder with the clock and the wire between; ``events`` collects what it reports."""

    peers: dict[str, PeerConfig] = field(default_factory=lambda: {CPE: PEER})
    limits: Limits = field(default_factory=lambda: Limits(retransmit_jitter=0))
    now: float = 1000.0
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.responder = Responder(
            lambda path: self.peers.get(path.remote_ip), counting_random("responder"), self.limits
        )

    def deliver(self, data: bytes, path: Path = PATH_500) -> list[tuple[bytes, Path]]:
        """Give one datagram to the responder and return what it sends."""
        self.responder.receive_datagram(data, path, self.now)
        return self.take()

    def advance(self, seconds: float) -> list[tuple[bytes, Path]]:
        """Let time pass, timer by timer, and return what the responder sends meanwhile."""
        end, sent = self.now + seconds, list[tuple[bytes, Path]]()
        while (due := self.responder.next_timer()) is not None and due <= end:
            self.now = max(self.now, due)
            self.responder.handle_timer(self.now)
            sent += self.take()
        self.now = end
        return sent

    def take(self) -> list[tuple[bytes, Path]]:
        """Collect events and datagrams."""
        while (event := self.responder.next_event()) is not None:
            self.events.append(event)
        return self.responder.datagrams_to_send()

    def of(self, kind: type[E]) -> list[E]:
        """The events of one class so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def last(self, kind: type[E]) -> E:
        """The latest event of a class; a test fails without one."""
        return self.of(kind)[-1]

    @property
    def drops(self) -> list[DropReason]:
        """Why datagrams were dropped so far."""
        return [event.reason for event in self.of(DatagramDropped)]

    @property
    def sas(self) -> list[IkeSa]:
        """The IKE SAs of the responder."""
        return list(self.responder.ike_sas())

    @property
    def is_empty(self) -> bool:
        """Whether the responder holds no state at all."""
        ctx = self.responder._ctx
        tables = (ctx.sas, ctx.by_init_request, ctx.by_peer, ctx.esp_owner, ctx.timers, ctx.half_open)
        return not any(len(table) for table in tables)
