"""IKE_SA_INIT requests that are refused, and those that are not (RFC 7296 sections 1.2 and 2.21.1)."""

from dataclasses import replace

import pytest

from ike.codec import (
    KePayload,
    Message,
    NoncePayload,
    NotifyPayload,
    Payload,
    SaPayload,
    UnknownPayload,
    VendorPayload,
)
from ike.constants import DhGroup, Encr, NotifyType, TransformType
from ike.crypto import dh
from ike.events import (
    DatagramDropped,
    DropReason,
    IkeKeysDerived,
    IkeSaInitAnswered,
    MessageSent,
    ProposalsEvaluated,
    RequestRefused,
)
from ike.proposal import Proposal, Suite, Transform, alternatives, encr
from tests.ike.initiator import Initiator, first, notified, swapped, without
from tests.ike.world import CPE, IKE_CBC_128, IKE_GCM_256, PEER, World, proposal_of

NO_SPI = bytes(8)
GROUP_24 = replace(
    IKE_GCM_256,
    transforms={
        **IKE_GCM_256.transforms,
        TransformType.DH: alternatives(TransformType.DH, [DhGroup.MODP_2048_256]),
    },
)


def offering(*proposals: Proposal, cpe: Initiator) -> list[Payload]:
    return swapped(cpe.init_payloads(), SaPayload(proposals))


def assert_refused_without_state(world: World, answer: Message, notify: NotifyType) -> NotifyPayload:
    """The answer is one unprotected notification, and nothing is kept."""
    assert [type(p) for p in answer.payloads] == [NotifyPayload]
    assert notified(answer.payloads) == [notify]
    assert answer.header.spi_r == NO_SPI
    assert answer.header.is_response
    assert world.is_empty
    assert world.last(RequestRefused).notify == notify.name
    assert world.of(IkeKeysDerived) == []
    return first(answer.payloads, NotifyPayload)


def assert_dropped_without_state(world: World, payloads: list[Payload], detail: str) -> None:
    """Silence, an event that says why, and nothing is kept."""
    cpe = Initiator(world)
    assert world.deliver(cpe.init_request(payloads)) == []
    assert world.drops == [DropReason.MALFORMED]
    assert detail in world.last(DatagramDropped).detail
    assert world.is_empty
    assert world.of(MessageSent) == []


def test_proposals_that_do_not_match_get_no_proposal_chosen() -> None:
    world = World()
    cpe = Initiator(world)
    weak = replace(
        proposal_of(IKE_CBC_128), transforms=(encr(Encr.TRIPLE_DES), *proposal_of(IKE_CBC_128).transforms[1:])
    )
    answer = cpe.send_init(offering(weak, cpe=cpe))
    assert_refused_without_state(world, answer, NotifyType.NO_PROPOSAL_CHOSEN)


def test_the_refusal_of_proposals_says_what_was_offered_and_what_is_allowed() -> None:
    world = World()
    Initiator(world, suite=GROUP_24).send_init()
    reason = world.last(RequestRefused).reason
    assert "DH offered MODP_2048_256, allowed MODP_2048" in reason
    event = world.last(ProposalsEvaluated)
    assert (event.selected, event.suite) == (None, "")
    assert [t.type for t in event.verdicts[0].transforms if not t.accepted] == ["DH"]


def test_a_refused_request_may_be_followed_by_a_better_one_with_the_same_spi() -> None:
    world = World()
    cpe = Initiator(world, suite=GROUP_24)
    cpe.send_init()
    cpe.suite = IKE_GCM_256
    cpe.connect()
    assert len(world.sas) == 1


def test_a_ke_payload_of_another_group_gets_invalid_ke_payload_with_the_wanted_group() -> None:
    world = World()
    cpe = Initiator(world)
    key = dh.generate(DhGroup.ECP_256, cpe.random)
    answer = cpe.send_init(swapped(cpe.init_payloads(), KePayload(key.group, key.public)))
    notify = assert_refused_without_state(world, answer, NotifyType.INVALID_KE_PAYLOAD)
    assert notify.data == (14).to_bytes(2, "big")


def test_a_ke_payload_of_an_unknown_group_does_not_hide_an_offered_group_that_is_allowed() -> None:
    world = World()
    cpe = Initiator(world)
    dh_groups = alternatives(TransformType.DH, [1024, DhGroup.CURVE25519, DhGroup.MODP_2048])
    base = proposal_of(IKE_GCM_256)
    proposal = replace(base, transforms=(*base.transforms[:-1], *dh_groups))
    payloads = swapped(offering(proposal, cpe=cpe), KePayload(1024, bytes(32)))
    notify = assert_refused_without_state(world, cpe.send_init(payloads), NotifyType.INVALID_KE_PAYLOAD)
    assert notify.data == (14).to_bytes(2, "big")


def test_the_group_of_the_ke_payload_is_preferred_among_the_allowed_ones() -> None:
    both: tuple[Suite, ...] = (GROUP_24, IKE_GCM_256)
    world = World(peers={CPE: replace(PEER, ike_suites=both)})
    cpe = Initiator(world)
    base = proposal_of(IKE_GCM_256)
    dh_groups = alternatives(TransformType.DH, [DhGroup.MODP_2048_256, DhGroup.MODP_2048])
    cpe.send_init(offering(replace(base, transforms=(*base.transforms[:-1], *dh_groups)), cpe=cpe))
    assert "MODP_2048" in world.last(IkeSaInitAnswered).suite.split(" / ")


@pytest.mark.parametrize(
    ("suite", "value", "detail"),
    [
        (IKE_GCM_256, (1).to_bytes(256, "big"), "public value outside 2 to p-2"),
        (IKE_GCM_256, b"\xff" * 256, "public value outside 2 to p-2"),
        (IKE_GCM_256, bytes(255), "255 octets, 256 expected"),
        (IKE_CBC_128, bytes(64), "not on the curve"),
    ],
    ids=["one", "too large", "too short", "not on the curve"],
)
def test_an_invalid_public_value_is_dropped_since_invalid_syntax_may_not_be_sent_in_clear(
    suite: Suite, value: bytes, detail: str
) -> None:
    world = World()
    payloads = Initiator(world, suite=suite).init_payloads()
    group = first(payloads, KePayload).group
    assert_dropped_without_state(world, swapped(payloads, KePayload(group, value)), detail)


@pytest.mark.parametrize("missing", [SaPayload, KePayload, NoncePayload])
def test_a_missing_payload_is_dropped(missing: type[Payload]) -> None:
    world = World()
    payloads = without(Initiator(world).init_payloads(), missing)
    assert_dropped_without_state(world, payloads, "payload is missing")


@pytest.mark.parametrize("doubled", [SaPayload, KePayload, NoncePayload])
def test_a_payload_that_stands_twice_is_dropped(doubled: type[Payload]) -> None:
    world = World()
    payloads = Initiator(world).init_payloads()
    assert_dropped_without_state(world, [*payloads, first(payloads, doubled)], "2 ")


def test_a_request_without_payloads_is_dropped() -> None:
    assert_dropped_without_state(World(), [], "Nonce payload is missing")


def test_an_unknown_critical_payload_is_refused_with_its_type() -> None:
    world = World()
    cpe = Initiator(world)
    unknown = UnknownPayload(200, critical=True, body=b"what")
    answer = cpe.send_init([unknown, *cpe.init_payloads()])
    notify = assert_refused_without_state(world, answer, NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD)
    assert notify.data == bytes([200])


def test_what_is_unknown_and_not_critical_is_ignored() -> None:
    cpe = Initiator(World())
    extras = [
        UnknownPayload(200, critical=False, body=b"what"),
        VendorPayload(b"vendor"),
        NotifyPayload(40000, b"private use"),
        NotifyPayload(9999, b"an unknown error is no error of the request"),
    ]
    cpe.send_init([*extras, *cpe.init_payloads()])
    cpe.send_auth()
    assert len(cpe.world.sas) == 1


def test_unknown_transforms_and_attributes_are_passed_over() -> None:
    cpe = Initiator(World())
    base = proposal_of(IKE_GCM_256)
    unknown = (
        Transform(TransformType.ENCR, 1024),
        Transform(TransformType.ENCR, Encr.AES_GCM_16, 256, ((0x8063, b"\0\1"),)),
        Transform(TransformType.PRF, 1024),
    )
    cpe.send_init(offering(replace(base, transforms=unknown + base.transforms), cpe=cpe))
    cpe.send_auth()
    assert cpe.world.sas[0].proposal == base


def test_the_number_of_the_chosen_proposal_is_echoed() -> None:
    cpe = Initiator(World())
    other = replace(proposal_of(GROUP_24), number=1)
    answer = cpe.send_init(offering(other, replace(proposal_of(IKE_GCM_256), number=2), cpe=cpe))
    assert first(answer.payloads, SaPayload).proposals == (replace(proposal_of(IKE_GCM_256), number=2),)
