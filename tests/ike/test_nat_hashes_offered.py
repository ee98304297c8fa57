"""What an IKE_SA_INIT request that gets no IKE SA tells about its sender: its NAT detection hashes."""

import pytest

from ike.config import Unidentified
from ike.constants import NotifyType
from ike.door_events import NatHashesOffered
from ike.events import DatagramDropped, DropReason, RequestRefused
from ike.nat import detection_hash
from ike.path import Path
from ike.responder import Responder
from tests.ike.initiator import Initiator
from tests.ike.world import GATEWAY, World, counting_random

STRANGER = Path(GATEWAY, 500, "192.0.2.7", 40500)
REWRITTEN = Unidentified(reason=DropReason.PORT_REWRITTEN, detail="port", name="branch/cpe/0")
TOLD = Unidentified(reason=DropReason.UNKNOWN_SOURCE, detail="unknown", notify=NotifyType.NO_PROPOSAL_CHOSEN)


def world_that_says(why: Unidentified | None) -> World:
    world = World()
    world.responder = Responder(lambda _: why, counting_random("responder"), world.limits)
    return world


@pytest.mark.parametrize(("why", "peer"), [(None, ""), (REWRITTEN, "branch/cpe/0"), (TOLD, "")])
def test_the_hashes_follow_what_became_of_the_request(why: Unidentified | None, peer: str) -> None:
    world = world_that_says(why)
    cpe = Initiator(world)
    world.deliver(cpe.init_request(), STRANGER)
    offered = world.last(NatHashesOffered)
    assert (offered.peer, offered.path, offered.spi_i) == (peer, STRANGER, cpe.spi_i.hex())
    told = world.of(RequestRefused) if why is TOLD else world.of(DatagramDropped)
    assert world.events.index(offered) > world.events.index(told[0])


def test_a_hash_shows_the_address_that_the_sender_believes_to_have() -> None:
    world = world_that_says(None)
    cpe = Initiator(world)
    world.deliver(cpe.init_request(), STRANGER)
    believed = detection_hash(cpe.spi_i, bytes(8), cpe.path.remote_ip, cpe.path.remote_port)
    assert world.last(NatHashesOffered).sources == (believed.hex(),)


def test_a_request_without_hashes_gives_no_event() -> None:
    world = world_that_says(None)
    cpe = Initiator(world)
    world.deliver(cpe.init_request(cpe.init_payloads(nat=[])), STRANGER)
    assert world.of(NatHashesOffered) == []


def test_cut_and_forged_payload_lengths_are_no_danger() -> None:
    world = world_that_says(None)
    data = Initiator(world).init_request()
    for cut in range(28, len(data), 7):
        world.deliver(data[:cut], STRANGER)
    world.deliver(data[:30] + b"\xff\xff" + data[32:], STRANGER)
    assert set(world.drops) == {DropReason.UNKNOWN_SOURCE}


def test_in_a_flood_hashes_are_told_no_more_often_than_drops() -> None:
    world = world_that_says(None)
    data = Initiator(world).init_request()
    for _ in range(500):
        world.deliver(data, STRANGER)
    assert len(world.of(NatHashesOffered)) == len(world.of(DatagramDropped)) < 500
