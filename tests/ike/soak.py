"""Weeks of rekeying in seconds: two ends in memory rekey again and again over a wire that loses messages.

An end whose request stays without an answer, however often it is repeated, gives the IKE SA up. Then the CPE
connects anew, over the same wire.
"""

import gc
import random
import tracemalloc
from dataclasses import dataclass

from ike.codec import NotifyPayload, SaPayload
from ike.constants import NotifyType
from ike.events import IkeSaRekeyed, RekeyCollision
from ike.path import Path
from tests.ike.initiator import Initiator, first
from tests.ike.interleavings import assert_settled
from tests.ike.pair import Pair
from tests.ike.world import IKE_CBC_128, PATH_500, World

BETWEEN = 200.0
"""Seconds between two rekeyings: longer than anything is remembered of the last one."""
COLLIDE = 0.1
"""Part of the rekeyings that both ends start at once."""


@dataclass(kw_only=True)
class Soaked:
    """What a run has seen.

    Args:
        child_rekeys: CHILD SAs that were replaced.
        ike_rekeys: IKE SAs that were replaced.
        collisions: Replacements of one SA by both ends that both noticed.
        lost: Messages that were lost.
        given_up: Times that an end gave an IKE SA up: every transmission of a request, or the answer to it,
            was lost.
        connected_anew: Times that the CPE connected again after that, over the same line.
        attempts: IKE_SA_INIT exchanges that it began for that.
        memory: Octets of Python objects in the middle and at the end.
        seconds: Time that went by, on the clock of the two ends.
    """

    child_rekeys: int = 0
    ike_rekeys: int = 0
    collisions: int = 0
    lost: int = 0
    given_up: int = 0
    connected_anew: int = 0
    attempts: int = 0
    memory: tuple[int, int] = (0, 0)
    seconds: float = 0.0


class Line:
    """A wire that loses messages.

    Args:
        pair: The two ends.
        run: Where losses are counted.
        chance: Decides.
        loss: Part of the messages that are lost, 0 to 1.
    """

    def __init__(self, pair: Pair, run: Soaked, chance: random.Random, loss: float) -> None:
        self.pair = pair
        self.chance = chance
        self._run = run
        self._loss = loss

    def passes(self) -> bool:
        """Whether the next message arrives."""
        lost = self.chance.random() < self._loss
        self._run.lost += lost
        return not lost

    def come_to_rest(self) -> None:
        """Pass messages and time until no end waits for an answer, or has given up."""
        pair = self.pair
        while self._waits() or pair.to_gateway or pair.to_cpe:
            self._pass_messages()
            due = pair.next_timer()
            if due is not None and self._waits():
                pair.advance(max(0.0, due - pair.now))

    def _waits(self) -> bool:
        return any(sa.outstanding for end in (self.pair.gateway, self.pair.cpe) for sa in end.sas)

    def _pass_messages(self) -> None:
        pair = self.pair
        while pair.to_gateway or pair.to_cpe:
            for end in (pair.gateway, pair.cpe):
                if pair.wire_to(end) and self.passes():
                    pair.deliver_to(end)
                elif pair.wire_to(end):
                    pair.lose_to(end)


class Unanswered(Exception):
    """Every transmission of a request, or the answer to it, was lost."""


class BehindLine(World):
    """The gateway of a pair as an ``Initiator`` sees it that repeats its requests as we do.

    Args:
        line: The wire.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        super().__init__(limits=line.pair.limits, now=line.pair.now)
        self.responder = line.pair.gateway.responder

    def deliver(self, data: bytes, path: Path = PATH_500) -> list[tuple[bytes, Path]]:
        """Send a request until its answer arrives.

        Raises:
            Unanswered: None does.
        """
        pair = self._line.pair
        for attempt in range(self.limits.retransmit_tries + 1):
            if self._line.passes():
                self.responder.receive_datagram(data, path, pair.now)
                pair.collect()
                answers = [answer for answer in pair.to_cpe if answer[:8] == data[:8]]
                if answers and self._line.passes():
                    pair.to_cpe.clear()
                    return [(answers[-1], path)]
            pair.advance(self.limits.retransmit_wait(attempt, self._line.chance.random()))
            pair.to_cpe.clear()
        raise Unanswered


def soak(*, child_rekeys: int, ike_rekeys: int, loss: float, seed: int) -> Soaked:
    """Rekey so often; each time both ends must come to hold the two halves of one IKE SA and one CHILD SA.

    Args:
        child_rekeys: How many CHILD SAs to replace.
        ike_rekeys: How many IKE SAs to replace, spread among them.
        loss: Part of the messages that are lost, 0 to 1.
        seed: Of all chance.
    """
    run = Soaked()
    line = Line(Pair(suite=IKE_CBC_128), run, random.Random(seed), loss)
    tracing = tracemalloc.is_tracing()
    tracemalloc.start()
    middle = 0
    while run.child_rekeys < child_rekeys:
        _rekey(run, line, ike=False)
        while run.ike_rekeys < run.child_rekeys * ike_rekeys // child_rekeys:
            _rekey(run, line, ike=True)
        if run.child_rekeys == child_rekeys // 2:
            middle = _memory()
    run.memory = (middle, _memory())
    if not tracing:
        tracemalloc.stop()
    return run


def _memory() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def _rekey(run: Soaked, line: Line, *, ike: bool) -> None:
    """Replace one SA, wait until both ends are at rest, and look at what they hold."""
    pair, chance = line.pair, line.chance
    began = pair.now
    ends = [pair.gateway, pair.cpe]
    for end in ends if chance.random() < COLLIDE else [chance.choice(ends)]:
        if ike:
            pair.rekey_ike(end)
        else:
            pair.rekey_child(end)
    line.come_to_rest()
    pair.elapse(BETWEEN)
    if pair.gateway.sas and pair.cpe.sas:
        _count(run, pair, ike=ike)
    else:
        run.given_up += 1
        _connect_anew(run, line)
    assert_settled(pair)
    for end in ends:
        assert [len(sa.children) for sa in end.sas] == [1]
        end.events.clear()
    run.seconds += pair.now - began


def _count(run: Soaked, pair: Pair, *, ike: bool) -> None:
    run.collisions += bool(pair.gateway.of(RekeyCollision) and pair.cpe.of(RekeyCollision))
    assert bool(pair.gateway.of(IkeSaRekeyed)) <= ike
    if ike:
        run.ike_rekeys += 1
    else:
        run.child_rekeys += 1


def _connect_anew(run: Soaked, line: Line) -> None:
    """As a CPE does whose IKE SA is gone, or whose liveness check finds the gateway's half gone."""
    pair = line.pair
    for sa in pair.cpe.sas:
        pair.cpe.responder.probe(sa, pair.now)
    pair.collect()
    line.come_to_rest()
    assert not pair.cpe.sas
    while True:
        run.attempts += 1
        cpe = Initiator(BehindLine(line), suite=pair.suite, seed=f"attempt {run.attempts}")
        try:
            cpe.send_init()
            answer = cpe.send_auth([*cpe.auth_payloads(), NotifyPayload(NotifyType.INITIAL_CONTACT)])
        except Unanswered:
            continue
        break
    pair.adopt(cpe, first(answer, SaPayload))
    run.connected_anew += 1
    pair.elapse(BETWEEN)
