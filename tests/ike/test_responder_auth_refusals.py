"""IKE_AUTH requests that are refused, in whole or only in their CHILD SA (RFC 7296 1.2 and 2.21.2)."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from ike.codec import (
    AuthPayload,
    IDiPayload,
    IDrPayload,
    KePayload,
    NotifyPayload,
    Payload,
    SaPayload,
    TrafficSelector,
    TSiPayload,
    TSrPayload,
    UnknownPayload,
)
from ike.constants import AuthMethod, DhGroup, Encr, ExchangeType, NotifyType, TransformType
from ike.crypto import dh
from ike.events import (
    AuthResult,
    ChildSaEstablished,
    DropReason,
    IdentityOffered,
    IkeSaClosed,
    IkeSaEstablished,
    NotifyReceived,
    RequestRefused,
    SelectorsNarrowed,
)
from ike.identification import Identification
from ike.proposal import Transform, encr
from ike.selectors import ANY_IPV4
from ike.state import State
from tests.ike.initiator import Initiator, first, notified, swapped, without
from tests.ike.world import CPE, ESP_GCM_256, PEER, World, proposal_of

LAN = replace(ANY_IPV4, start=IPv4Address("10.1.0.0"), end=IPv4Address("10.1.0.255"))
TCP_ONLY = replace(ANY_IPV4, ip_protocol=6)
PORT_80 = replace(ANY_IPV4, start_port=80, end_port=80)


def half_open(*, psk: bytes = PEER.psk) -> Initiator:
    cpe = Initiator(World(), psk=psk)
    cpe.send_init()
    return cpe


def assert_refused_wholly(cpe: Initiator, answer: tuple[Payload, ...], notify: NotifyType) -> None:
    """The answer is one protected notification; no state is left and nobody was authenticated."""
    assert [type(p) for p in answer] == [NotifyPayload]
    assert notified(answer) == [notify]
    world = cpe.world
    assert world.is_empty
    assert world.last(RequestRefused).notify == notify.name
    assert (world.last(IkeSaClosed).was_established, world.of(IkeSaEstablished)) == (False, [])
    assert world.of(ChildSaEstablished) == []


def assert_child_refused(cpe: Initiator, answer: tuple[Payload, ...], notify: NotifyType) -> None:
    """We authenticate, a notification stands for the CHILD SA, and the IKE SA is up without one."""
    assert [type(p) for p in answer] == [IDrPayload, AuthPayload, NotifyPayload]
    assert cpe.accepts(answer)
    assert notified(answer) == [notify]
    (sa,) = cpe.world.sas
    assert (sa.state, sa.children) == (State.ESTABLISHED, {})
    assert cpe.world.last(RequestRefused).notify == notify.name
    assert cpe.send_informational() == ()


def test_a_wrong_pre_shared_key_gets_authentication_failed_and_leaves_nothing() -> None:
    cpe = half_open(psk=b"mistyped")
    assert_refused_wholly(cpe, cpe.send_auth(), NotifyType.AUTHENTICATION_FAILED)
    result = cpe.world.last(AuthResult)
    assert not result.ok
    assert "pre-shared keys differ" in result.detail


def test_the_identity_is_reported_before_authentication_fails() -> None:
    cpe = half_open(psk=b"mistyped")
    cpe.send_auth()
    assert cpe.world.last(IdentityOffered).offered == PEER.expected_identity.text


def test_after_a_refusal_the_ike_sa_is_unknown() -> None:
    cpe = half_open(psk=b"mistyped")
    cpe.send_auth()
    assert cpe.world.deliver(cpe.request(ExchangeType.INFORMATIONAL, [])) == []
    assert cpe.world.drops == [DropReason.UNKNOWN_SPI]


def test_no_auth_payload_asks_for_eap_and_is_refused() -> None:
    cpe = half_open()
    answer = cpe.send_auth(without(cpe.auth_payloads(), AuthPayload))
    assert_refused_wholly(cpe, answer, NotifyType.AUTHENTICATION_FAILED)
    assert "EAP" in cpe.world.last(RequestRefused).reason


@pytest.mark.parametrize(
    ("method", "name"),
    [(AuthMethod.RSA_SIGNATURE, "RSA_SIGNATURE"), (AuthMethod.NULL, "NULL"), (99, "AuthMethod(99)")],
)
def test_another_authentication_method_is_refused_by_name(method: int, name: str) -> None:
    cpe = half_open()
    payloads = cpe.auth_payloads()
    answer = cpe.send_auth(swapped(payloads, AuthPayload(method, first(payloads, AuthPayload).data)))
    assert_refused_wholly(cpe, answer, NotifyType.AUTHENTICATION_FAILED)
    assert name in cpe.world.last(RequestRefused).reason


def test_the_auth_payload_covers_the_identity() -> None:
    cpe = half_open()
    forged = IDiPayload(Identification.from_address("203.0.113.99"))
    answer = cpe.send_auth(swapped(cpe.auth_payloads(), forged))
    assert_refused_wholly(cpe, answer, NotifyType.AUTHENTICATION_FAILED)


def test_the_auth_payload_covers_the_ike_sa_init_request() -> None:
    cpe = half_open()
    cpe.init = cpe.init[:-1] + bytes([cpe.init[-1] ^ 1])
    assert_refused_wholly(cpe, cpe.send_auth(), NotifyType.AUTHENTICATION_FAILED)


@pytest.mark.parametrize("missing", [IDiPayload, SaPayload, TSiPayload, TSrPayload])
def test_a_missing_payload_gets_invalid_syntax_and_leaves_nothing(missing: type[Payload]) -> None:
    cpe = half_open()
    answer = cpe.send_auth(without(cpe.auth_payloads(), missing))
    assert_refused_wholly(cpe, answer, NotifyType.INVALID_SYNTAX)


@pytest.mark.parametrize("doubled", [IDiPayload, AuthPayload, SaPayload, TSiPayload, TSrPayload])
def test_a_payload_that_stands_twice_gets_invalid_syntax(doubled: type[Payload]) -> None:
    cpe = half_open()
    payloads = cpe.auth_payloads()
    answer = cpe.send_auth([*payloads, first(payloads, doubled)])
    assert_refused_wholly(cpe, answer, NotifyType.INVALID_SYNTAX)


def test_payloads_that_cannot_be_parsed_get_invalid_syntax() -> None:
    cpe = half_open()
    answer = cpe.send_auth([UnknownPayload(33, critical=False, body=b"no proposals")])
    assert_refused_wholly(cpe, answer, NotifyType.INVALID_SYNTAX)


def test_an_unknown_critical_payload_inside_is_refused_with_its_type() -> None:
    cpe = half_open()
    unknown = UnknownPayload(200, critical=True, body=b"")
    answer = cpe.send_auth([*cpe.auth_payloads(), unknown])
    assert first(answer, NotifyPayload).data == bytes([200])
    assert_refused_wholly(cpe, answer, NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD)


def test_what_is_unknown_and_not_critical_is_ignored() -> None:
    cpe = half_open()
    extras = [
        UnknownPayload(200, critical=False, body=b""),
        NotifyPayload(NotifyType.QUICK_CRASH_DETECTION),
        NotifyPayload(40000, b"private use"),
        IDrPayload(PEER.local_identity),
    ]
    answer = cpe.send_auth([*cpe.auth_payloads(), *extras])
    assert notified(answer) == []
    assert cpe.world.of(NotifyReceived) == []


def test_another_identity_than_expected_is_reported_and_accepted() -> None:
    world = World(peers={CPE: replace(PEER, expected_identity=Identification.from_address("192.0.2.1"))})
    cpe = Initiator(world)
    cpe.connect()
    event = world.last(IdentityOffered)
    assert (event.offered, event.expected) == ("203.0.113.10 (ID_IPV4_ADDR)", "192.0.2.1 (ID_IPV4_ADDR)")
    assert len(world.sas) == 1


def enforcing(expected: str) -> World:
    peer = replace(PEER, expected_identity=Identification.from_address(expected), enforce_identity=True)
    return World(peers={CPE: peer})


def test_another_identity_is_refused_where_the_identity_is_enforced() -> None:
    cpe = Initiator(enforcing("192.0.2.1"))
    cpe.send_init()
    assert_refused_wholly(cpe, cpe.send_auth(), NotifyType.AUTHENTICATION_FAILED)
    result = cpe.world.last(AuthResult)
    assert not result.ok
    assert CPE in result.detail
    assert "192.0.2.1" in result.detail


def test_the_expected_identity_is_accepted_where_the_identity_is_enforced() -> None:
    cpe = Initiator(enforcing(CPE))
    assert cpe.accepts(cpe.connect())


def test_who_lacks_the_key_is_told_nothing_about_the_enforced_identity() -> None:
    cpe = Initiator(enforcing("192.0.2.1"), psk=b"mistyped")
    cpe.send_init()
    cpe.send_auth()
    assert "pre-shared keys differ" in cpe.world.last(AuthResult).detail


def test_the_identity_that_the_peer_wants_of_us_is_reported_and_ours_is_sent() -> None:
    cpe = half_open()
    wanted = Identification.from_address("192.0.2.9")
    answer = cpe.send_auth([*cpe.auth_payloads(), IDrPayload(wanted)])
    assert cpe.world.last(IdentityOffered).wanted_of_us == wanted.text
    assert first(answer, IDrPayload).identification == PEER.local_identity


@pytest.mark.parametrize("selector", [LAN, TCP_ONLY, PORT_80], ids=["subnet", "protocol", "port"])
@pytest.mark.parametrize("kind", [TSiPayload, TSrPayload])
def test_selectors_narrower_than_any_get_ts_unacceptable(
    kind: type[TSiPayload | TSrPayload], selector: TrafficSelector
) -> None:
    cpe = half_open()
    answer = cpe.send_auth(swapped(cpe.auth_payloads(), kind((selector,))))
    assert_child_refused(cpe, answer, NotifyType.TS_UNACCEPTABLE)
    assert not cpe.world.last(SelectorsNarrowed).accepted


def test_the_refusal_of_selectors_shows_them() -> None:
    cpe = half_open()
    cpe.send_auth(swapped(cpe.auth_payloads(), TSiPayload((LAN,))))
    assert "TSi 10.1.0.0-10.1.0.255" in cpe.world.last(RequestRefused).reason


def test_any_to_any_among_several_selectors_is_enough() -> None:
    cpe = half_open()
    answer = cpe.send_auth(swapped(cpe.auth_payloads(), TSiPayload((LAN, ANY_IPV4))))
    assert first(answer, TSiPayload).selectors == (ANY_IPV4,)
    assert len(cpe.world.sas[0].children) == 1


def test_esp_proposals_that_do_not_match_leave_the_ike_sa_without_a_child_sa() -> None:
    cpe = half_open()
    base = proposal_of(ESP_GCM_256, spi=cpe.esp_spi)
    weak = replace(base, transforms=(encr(Encr.TRIPLE_DES), *base.transforms[1:]))
    answer = cpe.send_auth(swapped(cpe.auth_payloads(), SaPayload((weak,))))
    assert_child_refused(cpe, answer, NotifyType.NO_PROPOSAL_CHOSEN)
    assert "ENCR offered TRIPLE_DES" in cpe.world.last(RequestRefused).reason


@pytest.mark.parametrize("spi", [0, 1, 255])
def test_a_reserved_esp_spi_is_refused(spi: int) -> None:
    cpe = half_open()
    reserved = SaPayload((proposal_of(ESP_GCM_256, spi=spi.to_bytes(4, "big")),))
    answer = cpe.send_auth(swapped(cpe.auth_payloads(), reserved))
    assert_child_refused(cpe, answer, NotifyType.NO_PROPOSAL_CHOSEN)
    assert "reserved" in cpe.world.last(RequestRefused).reason


def test_a_dh_transform_and_ke_payloads_mean_nothing_in_ike_auth() -> None:
    cpe = half_open()
    base = proposal_of(ESP_GCM_256, spi=cpe.esp_spi)
    group = Transform(TransformType.DH, DhGroup.ECP_256)
    offer = SaPayload((replace(base, transforms=(*base.transforms, group)),))
    key = dh.generate(DhGroup.ECP_256, cpe.random)
    twice = [KePayload(key.group, key.public)] * 2
    answer = cpe.send_auth([*swapped(cpe.auth_payloads(), offer), *twice])
    assert first(answer, SaPayload).proposals[0].of_type(TransformType.DH) == ()
    assert without(answer, KePayload) == list(answer)
    assert len(cpe.world.sas[0].children) == 1
