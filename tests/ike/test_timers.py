"""The index of the IKE SAs' timers, and the counts of half-open ones."""

from ike.codec import NotifyPayload
from ike.constants import ExchangeType, NotifyType
from tests.ike.initiator import Initiator
from tests.ike.world import CPE, PATH_500, World

ANOTHER = PATH_500._replace(remote_ip="203.0.113.99")


def assert_indexed(world: World) -> None:
    """The index says of every SA what the SA says of itself, and of no other."""
    ctx = world.responder._ctx
    due = [sa.timer for sa in world.sas if sa.timer is not None]
    assert world.responder.next_timer() == min(due, default=None)
    assert len(ctx.timers) == len(due)
    assert all((sa in ctx.timers) == (sa.timer is not None) for sa in world.sas)
    assert sorted(spi for of_peer in ctx.by_peer.values() for spi in of_peer) == sorted(ctx.sas)


def half_open_of(world: World) -> int:
    return world.responder._ctx.half_open.of_source(CPE)


def test_a_half_open_sa_has_a_timer_and_is_counted_at_its_source() -> None:
    world = World()
    Initiator(world).send_init()
    assert world.responder.next_timer() == world.now + world.limits.half_open_timeout
    assert half_open_of(world) == 1
    assert world.responder._ctx.half_open.of_source("192.0.2.1") == 0
    assert_indexed(world)


def test_an_authenticated_sa_is_no_longer_counted_as_half_open() -> None:
    world = World()
    Initiator(world).connect()
    assert (len(world.sas), half_open_of(world)) == (1, 0)
    assert_indexed(world)


def test_the_timers_of_many_sas_come_in_their_order() -> None:
    world = World()
    for number in range(5):
        Initiator(world, seed=f"cpe {number}").send_init()
        world.advance(2.0)
    for left in range(4, -1, -1):
        assert_indexed(world)
        due = world.responder.next_timer()
        assert due is not None
        world.advance(due - world.now)
        assert half_open_of(world) == left
    assert world.responder.next_timer() is None
    assert world.is_empty


def test_a_request_of_ours_gives_the_sa_a_timer_and_its_answer_moves_it() -> None:
    world = World()
    cpe = Initiator(world)
    cpe.connect()
    (sa,) = world.sas
    world.responder.probe(sa, world.now)
    assert_indexed(world)
    assert world.responder.next_timer() == world.now + world.limits.retransmit_timeout
    ((probe, _),) = world.take()
    world.deliver(cpe.answer(probe), cpe.path)
    assert_indexed(world)
    assert sa.outstanding is None


def test_a_peer_that_starts_afresh_leaves_nothing_of_its_old_sa_in_the_index() -> None:
    world = World()
    Initiator(world, seed="old").connect()
    (old,) = world.sas
    world.responder.probe(old, world.now)
    world.take()
    new = Initiator(world, seed="new")
    new.send_init()
    new.send_auth([*new.auth_payloads(), NotifyPayload(NotifyType.INITIAL_CONTACT)])
    assert old not in world.responder._ctx.timers
    assert_indexed(world)


def test_a_deleted_sa_leaves_no_timer() -> None:
    world = World()
    cpe = Initiator(world)
    cpe.connect()
    world.responder.delete(world.sas[0], world.now)
    assert_indexed(world)
    ((request, _),) = world.take()
    world.deliver(cpe.answer(request), cpe.path)
    assert world.is_empty


def test_outdated_timers_do_not_pile_up() -> None:
    world = World()
    cpe = Initiator(world)
    cpe.connect()
    for _ in range(500):
        world.responder.probe(world.sas[0], world.now)
        ((probe, _),) = world.take()
        world.deliver(cpe.answer(probe), cpe.path)
        world.now += 1.0
    assert len(world.responder._ctx.timers._heap) < 100


def test_taking_what_is_due_takes_each_timer_once() -> None:
    world = World()
    for seed in ("one", "two"):
        Initiator(world, seed=seed).send_init()
    ctx = world.responder._ctx
    one, two = world.sas
    due = ctx.timers.take_due(world.now + 30.0)
    assert due == [one, two]
    assert ctx.timers.take_due(world.now + 30.0) == []
    assert ctx.timers.next() is None


def test_a_dropped_message_of_an_sa_leaves_its_timer_alone() -> None:
    world = World()
    cpe = Initiator(world)
    cpe.send_init()
    before = world.responder.next_timer()
    world.deliver(cpe.request(ExchangeType.INFORMATIONAL, []), cpe.path)
    assert world.responder.next_timer() == before
    assert_indexed(world)
