"""IKE_SA_INIT and IKE_AUTH with a well-behaved CPE (RFC 7296 section 1.2)."""

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from ike.codec import (
    AuthPayload,
    IDrPayload,
    SaPayload,
    TSiPayload,
    TSrPayload,
    parse_header,
    parse_message,
)
from ike.config import Limits
from ike.constants import DhGroup, ExchangeType, HeaderFlag, IdType, TransformType
from ike.crypto import keys
from ike.events import (
    AuthResult,
    ChildSaEstablished,
    Event,
    IdentityOffered,
    IkeSaEstablished,
    IkeSaInitAnswered,
    MessageReceived,
    MessageSent,
    ProposalsEvaluated,
    SelectorsNarrowed,
)
from ike.exchanges.child_request import ChildSaRequested
from ike.identification import Identification
from ike.proposal import Suite, alternatives
from ike.selectors import ANY_IPV4
from ike.state import State
from tests.ike.initiator import Initiator, connected, first, swapped
from tests.ike.world import (
    ESP_GCM_256,
    ESP_NULL,
    IKE_CBC_128,
    IKE_GCM_256,
    PATH_500,
    PATH_4500,
    PEER,
    World,
    proposal_of,
)

IKE_SUITES = pytest.mark.parametrize("suite", [IKE_GCM_256, IKE_CBC_128], ids=lambda s: s.name)

STORY: list[type[Event]] = [
    ProposalsEvaluated,
    IkeSaInitAnswered,
    IdentityOffered,
    ChildSaRequested,
    AuthResult,
    IkeSaEstablished,
    ProposalsEvaluated,
    SelectorsNarrowed,
    ChildSaEstablished,
]


@IKE_SUITES
def test_both_ends_derive_the_same_ike_keys(suite: Suite) -> None:
    cpe = connected(suite=suite)
    assert cpe.world.sas[0].keys == cpe.keys


@IKE_SUITES
@pytest.mark.parametrize("esp_suite", [ESP_GCM_256, ESP_NULL], ids=lambda s: s.name)
def test_packets_from_the_initiator_use_the_first_keys_of_keymat(suite: Suite, esp_suite: Suite) -> None:
    cpe = Initiator(World(), suite=suite, esp_suite=esp_suite)
    cpe.connect()
    esp = cpe.world.responder.esp_parameters(cpe.world.last(ChildSaEstablished).spi_in)
    assert esp is not None
    expected = keys.child_keys(
        cpe.prf,
        cpe.keys.SK_d,
        encr=esp_suite.transforms[TransformType.ENCR][0],
        integ=esp_suite.transforms.get(TransformType.INTEG, (None,))[0],
        nonces=(cpe.nonce_i, cpe.nonce_r),
    )
    assert (esp.encr_key_in, esp.integ_key_in) == (expected.encr_i, expected.integ_i)
    assert (esp.encr_key_out, esp.integ_key_out) == (expected.encr_r, expected.integ_r)


@IKE_SUITES
def test_our_auth_payload_proves_the_pre_shared_key(suite: Suite) -> None:
    cpe = Initiator(World(), suite=suite)
    assert cpe.accepts(cpe.connect())


def test_our_auth_payload_does_not_verify_with_another_key() -> None:
    cpe = Initiator(World())
    answer = cpe.connect()
    cpe.psk = b"another"
    assert not cpe.accepts(answer)


def test_a_group_in_the_first_child_sas_proposal_is_told_and_has_no_effect() -> None:
    groups = {TransformType.DH: alternatives(TransformType.DH, [DhGroup.MODP_2048])}
    with_group = replace(ESP_GCM_256, transforms={**ESP_GCM_256.transforms, **groups})
    cpe = Initiator(World(), esp_suite=with_group)
    cpe.connect()
    told = [e.groups_without_meaning for e in cpe.world.events if isinstance(e, ProposalsEvaluated)]
    assert told == [(), ("MODP_2048",)]
    assert cpe.world.last(ChildSaEstablished).suite == "AES_GCM_16-256 / NO_ESN"


def test_idr_is_our_configured_identity() -> None:
    answer = Initiator(World()).connect()
    assert first(answer, IDrPayload).identification == PEER.local_identity


def test_the_answer_to_ike_auth_has_the_payloads_of_the_rfc_in_order() -> None:
    answer = Initiator(World()).connect()
    assert [type(p) for p in answer] == [IDrPayload, AuthPayload, SaPayload, TSiPayload, TSrPayload]


def test_the_selectors_of_the_answer_are_any_to_any() -> None:
    answer = Initiator(World()).connect()
    assert first(answer, TSiPayload).selectors == first(answer, TSrPayload).selectors == (ANY_IPV4,)


def test_the_chosen_esp_proposal_carries_our_spi_and_the_offered_number() -> None:
    cpe = Initiator(World())
    chosen = first(cpe.connect(), SaPayload).proposals[0]
    established = cpe.world.last(ChildSaEstablished)
    assert int.from_bytes(chosen.spi, "big") == established.spi_in
    assert established.spi_out == int.from_bytes(cpe.esp_spi, "big")
    assert chosen.number == 1


def test_the_response_header_has_the_response_flag_alone_and_echoes_spis_and_message_id() -> None:
    cpe = Initiator(World())
    header = cpe.send_init().header
    assert (header.flags, header.message_id, header.exchange) == (
        HeaderFlag.RESPONSE,
        0,
        ExchangeType.IKE_SA_INIT,
    )
    assert header.spi_i == cpe.spi_i
    ((data, _),) = cpe.world.deliver(cpe.request(ExchangeType.IKE_AUTH, cpe.auth_payloads()))
    header = parse_message(data).header
    assert (header.flags, header.message_id) == (HeaderFlag.RESPONSE, 1)
    assert (header.spi_i, header.spi_r) == (cpe.spi_i, cpe.spi_r)


@pytest.mark.parametrize("offered", [b"", b"12345678"], ids=["no spi", "an spi that does not belong there"])
def test_the_ike_proposal_of_the_answer_has_no_spi(offered: bytes) -> None:
    cpe = Initiator(World())
    offer = SaPayload((proposal_of(IKE_GCM_256, spi=offered),))
    answer = cpe.send_init(swapped(cpe.init_payloads(), offer))
    assert first(answer.payloads, SaPayload).proposals[0].spi == b""


def test_answers_go_back_along_the_path_of_the_request() -> None:
    cpe = Initiator(World())
    ((_, path),) = cpe.world.deliver(cpe.init_request(), PATH_500._replace(remote_port=1012))
    assert path == PATH_500._replace(remote_port=1012)


def test_the_sa_is_half_open_until_ike_auth_and_then_has_no_deadline() -> None:
    cpe = Initiator(World())
    cpe.send_init()
    (sa,) = cpe.world.sas
    assert (sa.state, sa.deadline) == (State.HALF_OPEN, cpe.world.now + cpe.world.limits.half_open_timeout)
    cpe.send_auth()
    assert (sa.state, sa.deadline) == (State.ESTABLISHED, None)
    assert cpe.world.responder.next_timer() is None


def test_the_events_tell_the_whole_story_in_order() -> None:
    world = connected().world
    kinds = frozenset(STORY)
    told = [type(event) for event in world.events if type(event) in kinds]
    assert told == STORY


def test_every_event_after_ike_sa_init_names_the_peer_and_the_ike_sa() -> None:
    cpe = connected()
    name = f"{cpe.spi_i.hex()}_{cpe.spi_r.hex()}"
    later = cpe.world.events[cpe.world.events.index(cpe.world.last(IkeSaInitAnswered)) :]
    assert {(event.peer, event.ike_spi) for event in later} == {(PEER.name, name)}


def test_every_message_is_reported_with_its_payloads() -> None:
    world = connected().world
    seen = [(event.exchange, event.is_response) for event in world.of(MessageReceived)]
    assert seen == [("IKE_SA_INIT", False), ("IKE_AUTH", False)]
    sent = world.of(MessageSent)
    assert [event.payloads[0] for event in sent] == ["SA", "IDr"]
    assert sent[0].payloads[-1] == "N(CHILDLESS_IKEV2_SUPPORTED)"


def test_the_identities_offered_and_expected_are_reported() -> None:
    event = connected().world.last(IdentityOffered)
    assert event.offered == PEER.expected_identity.text
    assert event.expected == PEER.expected_identity.text
    assert (event.wanted_of_us, event.ours) == ("", PEER.local_identity.text)


DN = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cpe1")]).public_bytes()


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        (IdType.ID_IPV4_ADDR, bytes([192, 168, 1, 2]), "192.168.1.2"),
        (IdType.ID_IPV6_ADDR, bytes(15) + b"\1", "::1"),
        (IdType.ID_FQDN, b"cpe1.example.com", "cpe1.example.com"),
        (IdType.ID_RFC822_ADDR, b"cpe1@example.com", "cpe1@example.com"),
        (IdType.ID_KEY_ID, b"cpe1", "cpe1"),
        (IdType.ID_DER_ASN1_DN, DN, "CN=cpe1"),
    ],
    ids=lambda value: value.name if isinstance(value, IdType) else "",
)
def test_an_identity_of_any_type_proves_the_key_and_is_reported(kind: IdType, data: bytes, text: str) -> None:
    """Whether another identity than the expected one is refused is for the configuration to say."""
    cpe = Initiator(World())
    cpe.send_init()
    assert cpe.accepts(cpe.send_auth(cpe.auth_payloads(Identification(kind, data))))
    assert cpe.world.last(IkeSaEstablished).identity == f"{text} ({kind.name})"
    assert len(cpe.world.sas[0].children) == 1


def test_two_ike_sas_of_one_peer_are_independent() -> None:
    world = World()
    one = connected(world)
    two = Initiator(world, seed="other")
    two.connect()
    two.delete_ike()
    assert [sa.spi_i for sa in world.sas] == [one.spi_i]
    assert one.send_informational() == ()


def test_beyond_the_limit_the_oldest_ike_sa_of_a_peer_is_deleted() -> None:
    world = World(limits=Limits(max_ike_sas_of_peer=2))
    first_one, second, third = (Initiator(world, seed=seed) for seed in ("one", "two", "three"))
    for cpe in (first_one, second, third):
        cpe.send_init()
        cpe.path = PATH_4500
        sent = world.deliver(cpe.request(ExchangeType.IKE_AUTH, cpe.auth_payloads()), PATH_4500)
    deletes = [data for data, _ in sent if parse_header(data).spi_r == first_one.spi_r]
    assert len(deletes) == 1
    world.deliver(first_one.answer(deletes[0]))
    assert [sa.spi_i for sa in world.sas] == [second.spi_i, third.spi_i]


def test_a_cpe_that_starts_on_port_4500_stays_there() -> None:
    cpe = Initiator(World(), path=PATH_4500)
    cpe.send_init(
        cpe.init_payloads(nat=cpe.nat_payloads((PATH_4500.remote_ip, 4500), (PATH_4500.local_ip, 4500)))
    )
    cpe.send_auth()
    (sa,) = cpe.world.sas
    assert (sa.path, sa.nat.detected) == (PATH_4500, False)
