"""Weeks of rekeying in seconds: two ends in memory rekey again and again over a wire that loses messages."""

import gc
import random
import tracemalloc
from dataclasses import dataclass, field

from ike.events import IkeSaRekeyed, RekeyCollision
from tests.ike.interleavings import assert_settled
from tests.ike.pair import Pair
from tests.ike.world import IKE_CBC_128

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
        given_up: IKE SAs whose every retransmission of a request or its answer was lost; they are made anew.
        memory: Octets of Python objects in the middle and at the end.
        seconds: Time that went by, on the clock of the two ends.
    """

    child_rekeys: int = 0
    ike_rekeys: int = 0
    collisions: int = 0
    lost: int = 0
    given_up: int = 0
    memory: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    _pair: Pair = field(default_factory=lambda: Pair(suite=IKE_CBC_128), repr=False)


def soak(*, child_rekeys: int, ike_rekeys: int, loss: float, seed: int) -> Soaked:
    """Rekey so often; after each time both ends must hold the two halves of one IKE SA and one CHILD SA.

    Args:
        child_rekeys: How many CHILD SAs to replace.
        ike_rekeys: How many IKE SAs to replace, spread among them.
        loss: Part of the messages that are lost, 0 to 1.
        seed: Of all chance.
    """
    chance = random.Random(seed)
    run = Soaked()
    tracing = tracemalloc.is_tracing()
    tracemalloc.start()
    middle = 0
    while run.child_rekeys < child_rekeys:
        _rekey(run, chance, loss, ike=False)
        while run.ike_rekeys < run.child_rekeys * ike_rekeys // child_rekeys:
            _rekey(run, chance, loss, ike=True)
        if run.child_rekeys == child_rekeys // 2:
            middle = _memory()
    run.memory = (middle, _memory())
    if not tracing:
        tracemalloc.stop()
    return run


def _memory() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def _rekey(run: Soaked, chance: random.Random, loss: float, *, ike: bool) -> None:
    """Replace one SA, and wait until both ends are at rest."""
    pair = run._pair
    began = pair.now
    ends = [pair.gateway, pair.cpe]
    for end in ends if chance.random() < COLLIDE else [chance.choice(ends)]:
        if ike:
            pair.rekey_ike(end)
        else:
            pair.rekey_child(end)
    while any(sa.outstanding for end in ends for sa in end.sas) or pair.to_gateway or pair.to_cpe:
        _pass_messages(run, chance, loss)
        due = pair.next_timer()
        if due is not None and any(sa.outstanding for end in ends for sa in end.sas):
            pair.advance(max(0.0, due - pair.now))
    pair.elapse(BETWEEN)
    _count(run, ike=ike)
    run.seconds += pair.now - began


def _pass_messages(run: Soaked, chance: random.Random, loss: float) -> None:
    pair = run._pair
    while pair.to_gateway or pair.to_cpe:
        for end in (pair.gateway, pair.cpe):
            if not pair.wire_to(end):
                continue
            if chance.random() < loss:
                pair.lose_to(end)
                run.lost += 1
            else:
                pair.deliver_to(end)


def _count(run: Soaked, *, ike: bool) -> None:
    pair = run._pair
    if not (pair.gateway.sas and pair.cpe.sas):
        run.given_up += 1
        run._pair = Pair(suite=IKE_CBC_128)
        return
    assert_settled(pair)
    assert [len(sa.children) for sa in pair.gateway.sas] == [1]
    run.collisions += bool(pair.gateway.of(RekeyCollision) and pair.cpe.of(RekeyCollision))
    assert bool(pair.gateway.of(IkeSaRekeyed)) <= ike
    if ike:
        run.ike_rekeys += 1
    else:
        run.child_rekeys += 1
    pair.gateway.events.clear()
    pair.cpe.events.clear()
