"""Two ends in memory, both with our code, and the wire between them in the test's hands.

An initiator of ``tests.ike.initiator`` brings the IKE SA up; from then on the CPE's end is a responder of its
own that holds the other half of it, so both ends can ask for anything, at the same time.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from ike import session
from ike.codec import Header, SaPayload, parse_header, parse_message
from ike.config import Limits
from ike.constants import HeaderFlag
from ike.events import Event
from ike.exchanges import child as children
from ike.ike_sa import IkeSa
from ike.path import Path
from ike.requests.child import ChildExchange, CreateChild
from ike.responder import Responder
from ike.sealing import make_sealer, parse_inner
from ike.selection import Selection
from ike.state import State
from tests.ike.initiator import Initiator, first
from tests.ike.world import CPE, GATEWAY, IKE_GCM_256, PEER, World, counting_random, proposal_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ike.child_sa import ChildSa
    from ike.codec import Payload
    from ike.config import PeerConfig
    from ike.constants import ExchangeType
    from ike.context import Context
    from ike.proposal import Suite

E = TypeVar("E", bound=Event)

QUIET = Limits(retransmit_jitter=0)
LOW, MIDDLE, HIGH, HIGHEST = (bytes([octet]) * 32 for octet in (1, 2, 3, 4))
"""Nonces in their order."""


class FurtherChild(CreateChild):
    """Create a CHILD SA beside those that are there."""

    payloads = ChildExchange.payloads


class End:
    """One end of the pair.

    Args:
        name: For people.
        responder: Its protocol engine.
    """

    def __init__(self, name: str, responder: Responder) -> None:
        self.name = name
        self.responder = responder
        self.nonces: deque[bytes] = deque()
        self.events: list[Event] = []
        draw = self.ctx.nonce
        self.ctx.nonce = lambda: self.nonces.popleft() if self.nonces else draw()  # type: ignore[method-assign]

    def crash(self) -> None:
        """Lose all state, as a machine that is switched off and on."""
        before = self.ctx
        self.responder = Responder(lambda _: None, before.random, before.limits)

    @property
    def ctx(self) -> Context:
        """The engine's state."""
        return self.responder._ctx

    @property
    def sas(self) -> list[IkeSa]:
        """Its IKE SAs."""
        return list(self.responder.ike_sas())

    @property
    def sa(self) -> IkeSa:
        """Its one established IKE SA; a test fails when there are several."""
        (sa,) = (sa for sa in self.sas if sa.state in {State.ESTABLISHED, State.REKEYING})
        return sa

    @property
    def children(self) -> list[ChildSa]:
        """The CHILD SAs of all its IKE SAs."""
        return [child for sa in self.sas for child in sa.children.values()]

    def of(self, kind: type[E]) -> list[E]:
        """The events of one class so far."""
        return [event for event in self.events if isinstance(event, kind)]


@dataclass
class Pair:
    """A gateway and a CPE with an IKE SA and a CHILD SA up.

    Messages wait on the wire, in ``to_gateway`` and ``to_cpe``, until the test lets them through.
    """

    config: PeerConfig = PEER
    limits: Limits = QUIET
    suite: Suite = IKE_GCM_256
    now: float = 1000.0
    to_gateway: deque[bytes] = field(default_factory=deque)
    to_cpe: deque[bytes] = field(default_factory=deque)

    def __post_init__(self) -> None:
        world = World(peers={CPE: self.config}, limits=self.limits, now=self.now)
        initiator = Initiator(world, suite=self.suite)
        answer = initiator.connect()
        self.gateway = End("gateway", world.responder)
        self.gateway.events += world.events
        world.events.clear()
        self.cpe = End("CPE", Responder(lambda _: None, counting_random("the CPE's end"), self.limits))
        self.adopt(initiator, first(answer, SaPayload))

    def adopt(self, initiator: Initiator, chosen: SaPayload) -> None:
        """Give the initiator's half of the SAs to the CPE's end.

        Args:
            initiator: It is connected to the gateway.
            chosen: The SA payload of the answer to its IKE_AUTH request.
        """
        ctx = self.cpe.ctx
        selection = Selection(verdicts=(), chosen=proposal_of(self.suite), suite=None)
        sa = IkeSa(
            peer=replace(
                self.config,
                local_identity=self.config.expected_identity,
                expected_identity=self.config.local_identity,
            ),
            spi_i=initiator.spi_i,
            spi_r=initiator.spi_r,
            we_initiated=True,
            path=Path(CPE, 4500, GATEWAY, 4500),
            selection=selection,
            keys=initiator.keys,
            sealer=make_sealer(selection, initiator.keys, ctx.random, we_initiated=True),
            nat=self.gateway.ctx.sas[initiator.spi_r].nat,
            state=State.ESTABLISHED,
            identity="the gateway",
            next_id=2,
        )
        ctx.now = self.now
        ctx.add(sa)
        (proposal,) = chosen.proposals
        agreement = children.Agreement(
            proposal=proposal,
            nonces=(initiator.nonce_i, initiator.nonce_r),
            shared=b"",
            spi_in=int.from_bytes(initiator.esp_spi, "big"),
            spi_out=int.from_bytes(proposal.spi, "big"),
            by_us=True,
            replaces=None,
        )
        children.install(sa, agreement, ctx)
        ctx.settle(sa)
        self.collect()

    # What the ends do

    def rekey_child(self, end: End, *, nonce: bytes | None = None, index: int = 0) -> None:
        """Have an end rekey one of its CHILD SAs; the request waits on the wire."""
        if nonce is not None:
            end.nonces.append(nonce)
        end.responder.rekey_child(end.children[index].spi_in, self.now)
        self.collect()

    def rekey_ike(self, end: End, *, nonce: bytes | None = None) -> None:
        """Have an end rekey the IKE SA."""
        if nonce is not None:
            end.nonces.append(nonce)
        end.responder.rekey_ike(end.sa, self.now)
        self.collect()

    def delete_child(self, end: End, index: int = 0) -> None:
        """Have an end delete one of its CHILD SAs."""
        end.responder.delete_child(end.children[index].spi_in, self.now)
        self.collect()

    def create_child(self, end: End) -> None:
        """Have an end create a further CHILD SA, like its first one."""
        end.ctx.now = self.now
        end.ctx.want(end.sa, FurtherChild(end.children[0].proposal))
        session.flush(end.ctx)
        self.collect()

    def probe(self, end: End) -> None:
        """Have an end ask for a sign of life."""
        end.responder.probe(end.sa, self.now)
        self.collect()

    def delete_ike(self, end: End) -> None:
        """Have an end delete the IKE SA."""
        end.responder.delete(end.sa, self.now)
        self.collect()

    # The wire

    def wire_to(self, end: End) -> deque[bytes]:
        """The messages on their way to an end, the oldest first."""
        return self.to_gateway if end is self.gateway else self.to_cpe

    def other(self, end: End) -> End:
        """The end at the other side."""
        return self.cpe if end is self.gateway else self.gateway

    def deliver_to(self, end: End, index: int = 0, *, nonce: bytes | None = None) -> None:
        """Let one message through; ``nonce`` is what the receiver uses in its answer."""
        if nonce is not None:
            end.nonces.append(nonce)
        wire = self.wire_to(end)
        data = wire[index]
        del wire[index]
        self.give(end, data)

    def give(self, end: End, data: bytes) -> None:
        """Hand a datagram to an end."""
        path = self.path_to(end)
        end.responder.receive_datagram(data, path, self.now)
        self.collect()

    def path_to(self, end: End) -> Path:
        """The path on which an end receives."""
        here, there = (GATEWAY, CPE) if end is self.gateway else (CPE, GATEWAY)
        return Path(here, 4500, there, 4500)

    def lose_to(self, end: End, index: int = 0) -> None:
        """Lose one message."""
        del self.wire_to(end)[index]

    def deliver_all(self) -> None:
        """Let everything through, in turns, until the wire is quiet."""
        for _ in range(1000):
            if not self.to_gateway and not self.to_cpe:
                return
            for end in (self.gateway, self.cpe):
                if self.wire_to(end):
                    self.deliver_to(end)
        raise AssertionError("the two ends do not come to rest")

    def advance(self, seconds: float) -> None:
        """Let time pass at both ends, timer by timer; messages wait on the wire."""
        end_of_time = self.now + seconds
        while True:
            timers = [(end.responder.next_timer(), end) for end in (self.gateway, self.cpe)]
            due = min((at for at, _ in timers if at is not None), default=None)
            if due is None or due > end_of_time:
                break
            self.now = max(self.now, due)
            for at, end in timers:
                if at is not None and at <= self.now:
                    end.responder.handle_timer(self.now)
            self.collect()
        self.now = end_of_time

    def collect(self) -> None:
        """Put on the wire what the ends send, and take their events."""
        for end in (self.gateway, self.cpe):
            wire = self.wire_to(self.other(end))
            wire += [data for data, _ in end.responder.datagrams_to_send()]
            while (event := end.responder.next_event()) is not None:
                end.events.append(event)

    def elapse(self, seconds: float) -> None:
        """Let time pass while every message gets through."""
        end_of_time = self.now + seconds
        self.deliver_all()
        while (due := self.next_timer()) is not None and due <= end_of_time:
            self.advance(max(0.0, due - self.now))
            self.deliver_all()
        self.advance(end_of_time - self.now)

    def next_timer(self) -> float | None:
        """When the first timer of the two ends is due."""
        timers = (end.responder.next_timer() for end in (self.gateway, self.cpe))
        return min((at for at in timers if at is not None), default=None)

    def ask(self, sa: IkeSa, exchange: ExchangeType, payloads: Sequence[Payload]) -> tuple[Payload, ...]:
        """Have the gateway answer a request that the CPE's engine would not send.

        Args:
            sa: The gateway's IKE SA; the CPE's end has the other half.
            exchange: Exchange type of the request.
            payloads: Its payloads.
        """
        sealer = self.cpe.ctx.sas[sa.spi_i if sa.own_spi == sa.spi_r else sa.spi_r].sealer
        flags = HeaderFlag(0) if sa.we_initiated else HeaderFlag.INITIATOR
        header = Header(
            spi_i=sa.spi_i, spi_r=sa.spi_r, exchange=exchange, flags=flags, message_id=sa.expected_id
        )
        before = len(self.to_cpe)
        self.give(self.gateway, sealer.seal(header, payloads))
        answer = self.to_cpe[before]
        del self.to_cpe[before]
        message = parse_message(answer)
        return parse_inner(message, sealer.open(answer, message))

    def answer(self, *payloads: Payload) -> None:
        """Answer the gateway's oldest request on the wire in place of the CPE's engine."""
        header = parse_header(self.to_cpe.popleft())
        sa = self.cpe.ctx.sas[header.spi_r if header.is_initiator else header.spi_i]
        sa.expected_id += 1
        flags = HeaderFlag.RESPONSE | (HeaderFlag.INITIATOR if sa.we_initiated else HeaderFlag(0))
        self.give(self.gateway, sa.sealer.seal(replace(header, flags=flags), payloads))

    # What must hold

    def assert_agreement(self) -> None:
        """Both ends hold the two halves of the same SAs."""
        ours, theirs = self.gateway, self.cpe
        assert {(sa.spi_i, sa.spi_r) for sa in ours.sas} == {(sa.spi_i, sa.spi_r) for sa in theirs.sas}
        mirrored = {
            (c.esp.spi_out, c.esp.spi_in): (c.esp.encr_key_out, c.esp.encr_key_in) for c in theirs.children
        }
        halves = {(c.spi_in, c.esp.spi_out): (c.esp.encr_key_in, c.esp.encr_key_out) for c in ours.children}
        assert halves == mirrored
