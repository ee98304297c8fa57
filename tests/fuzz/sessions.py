"""The responder as the fuzzers see it, and the rules that hold whatever it is given."""

import json
from collections.abc import Callable, Sequence

from ike.codec import Payload, build_payloads, parse_message
from ike.config import CookieMode, Limits, PeerConfig
from ike.constants import HEADER_LENGTH, DhGroup
from ike.constants import TransformType as T
from ike.path import Path
from ike.proposal import Suite, alternatives
from tests.ike.initiator import Initiator
from tests.ike.world import CPE, IKE_CBC_128, IKE_GCM_256, PEER, World

P256 = Suite(
    "gcm-256, P-256",
    IKE_GCM_256.protocol,
    {**IKE_GCM_256.transforms, T.DH: alternatives(T.DH, [DhGroup.ECP_256])},
)
"""What the fuzzed sessions negotiate: a group that costs little time."""

MOST_EVENTS = 200
"""Events of one step: far more than any message causes, far fewer than a loop would."""
MOST_DATAGRAMS = 80
"""Datagrams of one step: a response in fragments is the most."""
_LONG = 100_000.0
"""Seconds after which everything that was left alone has ended, lifetimes included."""


def new_world(cookies: CookieMode = CookieMode.THRESHOLD) -> World:
    """A responder whose only peer may use ``P256`` and AES-CBC; equal from run to run."""
    return World(peers={CPE: peer()}, limits=Limits(retransmit_jitter=0, cookies=cookies))


def peer() -> PeerConfig:
    """The peer of the fuzzed sessions."""
    return PeerConfig(
        name=PEER.name,
        psk=PEER.psk,
        local_identity=PEER.local_identity,
        expected_identity=PEER.expected_identity,
        ike_suites=(P256, IKE_CBC_128),
        esp_suites=PEER.esp_suites,
        pfs_groups=(DhGroup.ECP_256,),
    )


def chain_of(payloads: Sequence[Payload]) -> bytes:
    """Payloads as a chain behind the octet that types the first."""
    first, chain = build_payloads(payloads)
    return bytes([first]) + chain


def recorded(
    play: Callable[[Initiator], object], cookies: CookieMode = CookieMode.THRESHOLD
) -> list[tuple[bytes, Path]]:
    """The datagrams that an initiator sends in a session."""
    world, sent = new_world(cookies), list[tuple[bytes, Path]]()
    deliver = world.deliver

    def recording(data: bytes, path: Path) -> list[tuple[bytes, Path]]:
        sent.append((data, path))
        return deliver(data, path)

    world.deliver = recording  # type: ignore[assignment, method-assign]
    play(Initiator(world, suite=P256))
    return sent


def check_step(world: World, sent: Sequence[tuple[bytes, Path]], sources: set[str]) -> None:
    """The rules after each step; events are dropped, as an application would take them."""
    assert len(world.events) < MOST_EVENTS
    world.events.clear()
    assert len(sent) < MOST_DATAGRAMS
    for data, path in sent:
        assert path.remote_ip in sources
        json.dumps(parse_message(data).describe())
        assert len(data) >= HEADER_LENGTH
    limits, spis = world.limits, list[int]()
    for sa in world.sas:
        assert len(sa.children) <= limits.max_child_sas
        spis += sa.children
    assert len(spis) == len(set(spis))
    assert all(world.responder.esp_parameters(spi) is not None for spi in spis)
    due = world.responder.next_timer()
    assert due is not None or not any(sa.deadline for sa in world.sas)


def check_end(world: World) -> None:
    """Once the application has deleted what is left and no answer came, nothing is left."""
    for sa in world.sas:
        world.responder.delete(sa, world.now)
    world.take()
    world.advance(_LONG)
    world.events.clear()
    assert world.is_empty
