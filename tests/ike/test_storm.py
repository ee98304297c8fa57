"""Two ends that do anything at any time, over a wire that does anything to their messages.

After every step the indices agree with the SAs and no key is left of an SA that is gone. Once the wire is
good again both ends hold the same SAs, and when those are deleted nothing is left.
"""

import gc
import weakref
from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ike import session
from ike.child_sa import EspParameters
from ike.config import Lifetimes, Limits
from ike.crypto.ecp import EcpKey
from ike.crypto.keys import IkeKeys
from ike.crypto.protection import Protection
from ike.events import ChildSaClosed, EspKeysDerived, IkeKeysDerived, IkeSaClosed
from ike.sealing import Sealer
from ike.state import State
from tests.ike.effort import THOROUGH
from tests.ike.interleavings import assert_rest
from tests.ike.invariants import assert_consistent
from tests.ike.pair import End, FurtherChild, Pair
from tests.ike.world import IKE_CBC_128, PEER

SECRETS = (IkeKeys, EspParameters, Sealer, Protection, EcpKey)
SHORT = Lifetimes(ike=8000.0, child=4000.0, margin=0.5, jitter=0.5)
BUSY = replace(PEER, lifetimes=SHORT, liveness_interval=45.0)
PATIENT = Limits(max_child_sas=16)
CALM = 700.0
"""Seconds after which a dead peer was missed, and every retransmission, retry and deadline is over."""

ENDS = st.sampled_from(["gateway", "cpe"])
INDEX = st.integers(min_value=0, max_value=7)


def secrets_in_memory() -> int:
    gc.collect()
    return sum(isinstance(each, SECRETS) for each in gc.get_objects())


class Storm(RuleBasedStateMachine):
    """The two ends and the wire."""

    def __init__(self) -> None:
        super().__init__()
        self.before = secrets_in_memory()
        self.pair = Pair(config=BUSY, limits=PATIENT, suite=IKE_CBC_128)
        self.keys = list[weakref.ref[Any]]()
        self.only_rekeyed = True

    def end(self, name: str) -> End:
        return self.pair.gateway if name == "gateway" else self.pair.cpe

    # The ends

    @rule(name=ENDS, index=INDEX)
    def rekey_child(self, name: str, index: int) -> None:
        end = self.end(name)
        if end.children:
            self.pair.rekey_child(end, index=index % len(end.children))

    @rule(name=ENDS, index=INDEX)
    def rekey_ike(self, name: str, index: int) -> None:
        end = self.end(name)
        if end.sas:
            end.responder.rekey_ike(end.sas[index % len(end.sas)], self.pair.now)

    @rule(name=ENDS, index=INDEX)
    def probe(self, name: str, index: int) -> None:
        end = self.end(name)
        if end.sas:
            end.responder.probe(end.sas[index % len(end.sas)], self.pair.now)

    @rule(name=ENDS, index=INDEX)
    def create_child(self, name: str, index: int) -> None:
        end = self.end(name)
        able = [sa for sa in end.sas if sa.state is State.ESTABLISHED and sa.children]
        if able:
            sa = able[index % len(able)]
            end.ctx.now = self.pair.now
            end.ctx.want(sa, FurtherChild(next(iter(sa.children.values())).proposal))
            session.flush(end.ctx)
            self.only_rekeyed = False

    @precondition(lambda self: self.pair.now > 1010)
    @rule(name=ENDS, index=INDEX)
    def delete_child(self, name: str, index: int) -> None:
        end = self.end(name)
        if end.children:
            self.pair.delete_child(end, index % len(end.children))
            self.only_rekeyed = False

    @precondition(lambda self: self.pair.now > 1020)
    @rule(name=ENDS, index=INDEX)
    def delete_ike(self, name: str, index: int) -> None:
        end = self.end(name)
        if end.sas:
            end.responder.delete(end.sas[index % len(end.sas)], self.pair.now)
            self.only_rekeyed = False

    @precondition(lambda self: self.pair.now > 1100)
    @rule(name=ENDS)
    def crash(self, name: str) -> None:
        self.end(name).crash()
        gc.collect()  # the engine and its surroundings know each other
        self.only_rekeyed = False

    # The wire

    @rule(name=ENDS, index=INDEX)
    def deliver(self, name: str, index: int) -> None:
        end = self.end(name)
        if wire := self.pair.wire_to(end):
            self.pair.deliver_to(end, index % len(wire))

    @rule()
    def deliver_all(self) -> None:
        self.pair.deliver_all()

    @rule(name=ENDS, index=INDEX)
    def lose(self, name: str, index: int) -> None:
        end = self.end(name)
        if wire := self.pair.wire_to(end):
            self.pair.lose_to(end, index % len(wire))

    @rule(name=ENDS, index=INDEX)
    def duplicate(self, name: str, index: int) -> None:
        if wire := self.pair.wire_to(self.end(name)):
            wire.append(wire[index % len(wire)])

    @rule(name=ENDS, index=INDEX, octet=st.integers(min_value=0, max_value=400))
    def garble(self, name: str, index: int, octet: int) -> None:
        if wire := self.pair.wire_to(self.end(name)):
            data = bytearray(wire[index % len(wire)])
            data[octet % len(data)] ^= 0x41
            wire.append(bytes(data))

    @rule(seconds=st.sampled_from([0.5, 3.0, 10.0, 30.0]))
    def wait(self, seconds: float) -> None:
        self.pair.advance(seconds)

    @rule(seconds=st.sampled_from([50.0, 500.0]))
    def calm(self, seconds: float) -> None:
        self.pair.elapse(seconds)

    # What holds

    @invariant()
    def everything_is_consistent(self) -> None:
        self.pair.collect()
        for end in (self.pair.gateway, self.pair.cpe):
            assert_consistent(end.ctx)
            self._take_events(end)
        live = {id(sa.keys) for end in (self.pair.gateway, self.pair.cpe) for sa in end.sas}
        live |= {id(child.esp) for end in (self.pair.gateway, self.pair.cpe) for child in end.children}
        self.keys = [key for key in self.keys if key() is not None]
        assert {id(key()) for key in self.keys} <= live, "no key outlives its SA"

    def _take_events(self, end: End) -> None:
        """Watch the keys; note when more happened than rekeying. Events hold keys, so they go at once."""
        for event in end.events:
            if isinstance(event, IkeKeysDerived):
                self.keys.append(weakref.ref(event.keys))
            elif isinstance(event, EspKeysDerived):
                self.keys.append(weakref.ref(event.esp))
            elif isinstance(event, IkeSaClosed):
                self.only_rekeyed &= event.rekeyed
            elif isinstance(event, ChildSaClosed):
                self.only_rekeyed &= "lifetime" not in event.reason
        end.events.clear()

    def teardown(self) -> None:
        """Good weather: both ends agree; then all is deleted, and nothing is left."""
        pair = self.pair
        self._settle()
        pair.assert_agreement()
        if self.only_rekeyed:
            assert [len(sa.children) for sa in pair.gateway.sas] == [1]
        for end in (pair.gateway, pair.cpe):
            for sa in end.sas:
                end.responder.delete(sa, pair.now)
            pair.collect()
        pair.elapse(CALM)
        self.everything_is_consistent()
        assert pair.gateway.sas == pair.cpe.sas == []
        assert not self.keys
        assert secrets_in_memory() <= self.before

    def _settle(self) -> None:
        self.pair.elapse(CALM)
        for _ in range(20):
            self.everything_is_consistent()
            try:
                for end in (self.pair.gateway, self.pair.cpe):
                    assert_rest(end)
            except AssertionError:
                self.pair.elapse(17)  # a rekeying by the clock may be under way
            else:
                return
        for end in (self.pair.gateway, self.pair.cpe):
            assert_rest(end)


TestStorm = Storm.TestCase
TestStorm.settings = settings(
    max_examples=1000 if THOROUGH else 12,
    stateful_step_count=60 if THOROUGH else 40,
    derandomize=not THOROUGH,
    deadline=None,
)
