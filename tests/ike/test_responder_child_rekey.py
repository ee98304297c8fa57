"""CREATE_CHILD_SA for CHILD SAs: rekeying and PFS (RFC 7296 sections 1.3, 2.8, 2.17 and 2.25)."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from ike.child_sa import EspParameters
from ike.codec import (
    KePayload,
    NoncePayload,
    NotifyPayload,
    Payload,
    SaPayload,
    TSiPayload,
    TSrPayload,
)
from ike.config import Limits, PeerConfig
from ike.constants import DhGroup, ExchangeType, NotifyType, ProtocolId, TransformType
from ike.crypto import dh, keys
from ike.events import ChildSaClosed, ChildSaEstablished, IkeSaClosed, RequestRefused
from ike.proposal import Suite
from ike.selectors import ANY_IPV4
from ike.state import ChildState, State
from tests.ike.initiator import Initiator, connected, first, notified, swapped, without
from tests.ike.world import CPE, ESP_GCM_256, IKE_CBC_128, IKE_GCM_256, PEER, World, proposal_of

NEW_SPI, THIRD_SPI = bytes.fromhex("c0ffee01"), bytes.fromhex("c0ffee02")
ECP_PFS = replace(PEER, pfs_groups=(DhGroup.ECP_256,))


def with_peer(peer: PeerConfig, *, suite: Suite = IKE_GCM_256) -> Initiator:
    return connected(World(peers={CPE: peer}), suite=suite)


def ke_of(key: dh.DhKey) -> KePayload:
    return KePayload(key.group, key.public)


def new_key(cpe: Initiator, group: DhGroup = DhGroup.ECP_256) -> dh.DhKey:
    return dh.generate(group, cpe.random)


def esp_of(cpe: Initiator) -> EspParameters:
    """The parameters of the newest CHILD SA."""
    esp = cpe.world.responder.esp_parameters(cpe.world.last(ChildSaEstablished).spi_in)
    assert esp is not None
    return esp


def assert_keys_agree(cpe: Initiator, answer: Sequence[Payload], shared: bytes = b"") -> None:
    expected = keys.child_keys(
        cpe.prf,
        cpe.keys.SK_d,
        encr=ESP_GCM_256.transforms[TransformType.ENCR][0],
        integ=None,
        nonces=(cpe.child_nonce, first(answer, NoncePayload).data),
        shared=shared,
    )
    esp = esp_of(cpe)
    assert (esp.encr_key_in, esp.encr_key_out) == (expected.encr_i, expected.encr_r)


def assert_refused(cpe: Initiator, answer: Sequence[Payload], notify: NotifyType) -> NotifyPayload:
    """One notification; the CHILD SA and the IKE SA are as before."""
    assert [type(p) for p in answer] == [NotifyPayload]
    assert notified(answer) == [notify]
    assert len(cpe.world.of(ChildSaEstablished)) == len(cpe.world.sas[0].children) == 1
    assert cpe.world.sas[0].state is State.ESTABLISHED
    event = cpe.world.last(RequestRefused)
    assert (event.exchange, event.notify) == ("CREATE_CHILD_SA", notify.name)
    assert cpe.send_informational() == ()
    return first(answer, NotifyPayload)


# Rekeying


def test_a_rekey_makes_a_second_child_sa_with_fresh_keys_from_fresh_nonces() -> None:
    cpe = connected()
    old = esp_of(cpe)
    answer = cpe.rekey_child(cpe.esp_spi, NEW_SPI)
    assert_keys_agree(cpe, answer)
    assert esp_of(cpe).encr_key_in != old.encr_key_in
    assert len(cpe.world.sas[0].children) == 2


def test_the_answer_has_the_payloads_of_the_rfc_in_order() -> None:
    cpe = connected()
    answer = cpe.rekey_child(cpe.esp_spi, NEW_SPI)
    assert [type(p) for p in answer] == [SaPayload, NoncePayload, TSiPayload, TSrPayload]


def test_the_event_names_the_child_sa_that_is_replaced() -> None:
    cpe = connected()
    old = cpe.world.last(ChildSaEstablished)
    answer = cpe.rekey_child(cpe.esp_spi, NEW_SPI)
    event = cpe.world.last(ChildSaEstablished)
    assert (old.replaces, event.replaces) == (None, old.spi_in)
    assert event.spi_out == int.from_bytes(NEW_SPI, "big")
    assert first(answer, SaPayload).proposals[0].spi == event.spi_in.to_bytes(4, "big")


def test_the_new_inbound_sa_is_known_before_the_response_is_taken() -> None:
    cpe = connected()
    rekey = NotifyPayload(NotifyType.REKEY_SA, protocol=ProtocolId.ESP, spi=cpe.esp_spi)
    request = cpe.request(ExchangeType.CREATE_CHILD_SA, [rekey, *cpe.child_payloads(spi=NEW_SPI)])
    responder = cpe.world.responder
    responder.receive_datagram(request, cpe.path, cpe.world.now)
    events = []
    while (event := responder.next_event()) is not None:
        events.append(event)
    (established,) = [event for event in events if isinstance(event, ChildSaEstablished)]
    assert responder.esp_parameters(established.spi_in) is not None
    assert len(responder.datagrams_to_send()) == 1


def test_the_old_child_sa_lives_until_the_peer_deletes_it() -> None:
    cpe = connected()
    old = esp_of(cpe)
    cpe.rekey_child(cpe.esp_spi, NEW_SPI)
    assert cpe.world.responder.esp_parameters(old.spi_in) is old
    cpe.delete_children(cpe.esp_spi)
    assert cpe.world.responder.esp_parameters(old.spi_in) is None
    assert cpe.world.last(ChildSaClosed).spi_in == old.spi_in
    assert len(cpe.world.sas[0].children) == 1


def test_the_new_child_sa_can_be_rekeyed_in_its_turn() -> None:
    cpe = connected()
    cpe.rekey_child(cpe.esp_spi, NEW_SPI)
    cpe.delete_children(cpe.esp_spi)
    second = esp_of(cpe)
    assert_keys_agree(cpe, cpe.rekey_child(NEW_SPI, THIRD_SPI))
    assert cpe.world.last(ChildSaEstablished).replaces == second.spi_in


def test_an_unknown_child_sa_is_not_found_and_its_spi_is_echoed() -> None:
    cpe = connected()
    notify = assert_refused(cpe, cpe.rekey_child(b"none", NEW_SPI), NotifyType.CHILD_SA_NOT_FOUND)
    assert (notify.protocol, notify.spi, notify.data) == (ProtocolId.ESP, b"none", b"")


def test_our_own_spi_does_not_name_a_child_sa_to_rekey() -> None:
    cpe = connected()
    ours = esp_of(cpe).spi_in.to_bytes(4, "big")
    assert_refused(cpe, cpe.rekey_child(ours, NEW_SPI), NotifyType.CHILD_SA_NOT_FOUND)


def test_a_rekey_of_an_ah_sa_is_not_found() -> None:
    cpe = connected()
    rekey = NotifyPayload(NotifyType.REKEY_SA, protocol=ProtocolId.AH, spi=cpe.esp_spi)
    answer = cpe.exchange(ExchangeType.CREATE_CHILD_SA, [rekey, *cpe.child_payloads(spi=NEW_SPI)])
    assert assert_refused(cpe, answer, NotifyType.CHILD_SA_NOT_FOUND).protocol == ProtocolId.AH


def test_a_request_without_rekey_sa_makes_another_child_sa() -> None:
    cpe = connected()
    old = cpe.world.last(ChildSaEstablished)
    answer = cpe.exchange(ExchangeType.CREATE_CHILD_SA, cpe.child_payloads(spi=NEW_SPI))
    assert_keys_agree(cpe, answer)
    new = cpe.world.last(ChildSaEstablished)
    assert new.replaces is None
    assert {child.spi_in: child.state for child in cpe.world.sas[0].children.values()} == {
        old.spi_in: ChildState.INSTALLED,
        new.spi_in: ChildState.INSTALLED,
    }


def test_an_spi_that_the_peer_uses_already_is_refused() -> None:
    cpe = connected()
    answer = cpe.rekey_child(cpe.esp_spi, cpe.esp_spi)
    assert_refused(cpe, answer, NotifyType.NO_PROPOSAL_CHOSEN)
    assert "in use" in cpe.world.last(RequestRefused).reason


def test_child_sas_that_the_peer_never_deletes_are_bounded() -> None:
    cpe = connected(World(limits=Limits(max_child_sas=3)))
    answers = [cpe.rekey_child(cpe.esp_spi, NEW_SPI[:3] + bytes([number])) for number in range(3)]
    assert [notified(answer) for answer in answers] == [[], [], [NotifyType.NO_ADDITIONAL_SAS]]
    assert len(cpe.world.sas[0].children) == 3


def test_selectors_narrower_than_any_get_ts_unacceptable() -> None:
    cpe = connected()
    lan = replace(ANY_IPV4, start=IPv4Address("10.1.0.0"), end=IPv4Address("10.1.0.255"))
    rekey = NotifyPayload(NotifyType.REKEY_SA, protocol=ProtocolId.ESP, spi=cpe.esp_spi)
    payloads = [rekey, *swapped(cpe.child_payloads(spi=NEW_SPI), TSiPayload((lan,)))]
    answer = cpe.exchange(ExchangeType.CREATE_CHILD_SA, payloads)
    assert_refused(cpe, answer, NotifyType.TS_UNACCEPTABLE)


@pytest.mark.parametrize("missing", [SaPayload, NoncePayload, TSiPayload, TSrPayload])
def test_a_missing_payload_gets_invalid_syntax_and_ends_the_ike_sa(missing: type[Payload]) -> None:
    cpe = connected()
    rekey = NotifyPayload(NotifyType.REKEY_SA, protocol=ProtocolId.ESP, spi=cpe.esp_spi)
    payloads = [rekey, *without(cpe.child_payloads(spi=NEW_SPI), missing)]
    answer = cpe.exchange(ExchangeType.CREATE_CHILD_SA, payloads)
    assert notified(answer) == [NotifyType.INVALID_SYNTAX]
    assert cpe.world.is_empty
    assert "payload is missing" in cpe.world.last(RequestRefused).reason
    assert cpe.world.last(IkeSaClosed).reason == "CREATE_CHILD_SA was refused with INVALID_SYNTAX"


# Perfect forward secrecy


def test_without_pfs_a_dh_group_is_refused_at_the_rekey() -> None:
    cpe = connected()
    answer = cpe.rekey_child(cpe.esp_spi, NEW_SPI, groups=[DhGroup.ECP_256], ke=ke_of(new_key(cpe)))
    assert_refused(cpe, answer, NotifyType.NO_PROPOSAL_CHOSEN)
    assert "DH offered ECP_256, allowed none" in cpe.world.last(RequestRefused).reason


def test_without_pfs_dh_none_is_chosen_and_a_ke_payload_is_ignored() -> None:
    cpe = connected()
    groups = [DhGroup.ECP_256, DhGroup.NONE]
    answer = cpe.rekey_child(cpe.esp_spi, NEW_SPI, groups=groups, ke=ke_of(new_key(cpe)))
    (chosen,) = first(answer, SaPayload).proposals[0].of_type(TransformType.DH)
    assert chosen.id == DhGroup.NONE
    assert without(answer, KePayload) == list(answer)
    assert_keys_agree(cpe, answer)


def test_pfs_mixes_a_shared_secret_into_the_keys() -> None:
    cpe = with_peer(ECP_PFS)
    key = new_key(cpe)
    answer = cpe.rekey_child(cpe.esp_spi, NEW_SPI, groups=[DhGroup.ECP_256], ke=ke_of(key))
    assert [type(p) for p in answer] == [SaPayload, NoncePayload, KePayload, TSiPayload, TSrPayload]
    theirs = first(answer, KePayload)
    assert theirs.group == DhGroup.ECP_256
    assert_keys_agree(cpe, answer, key.shared(theirs.data))


def test_where_pfs_is_required_a_proposal_without_a_group_is_refused() -> None:
    cpe = with_peer(ECP_PFS)
    assert_refused(cpe, cpe.rekey_child(cpe.esp_spi, NEW_SPI), NotifyType.NO_PROPOSAL_CHOSEN)
    assert "with PFS ECP_256" in str(cpe.world.events)
    assert "DH offered none, allowed ECP_256" in cpe.world.last(RequestRefused).reason


def test_where_pfs_is_required_another_group_is_refused() -> None:
    cpe = with_peer(ECP_PFS)
    key = new_key(cpe, DhGroup.CURVE25519)
    answer = cpe.rekey_child(cpe.esp_spi, NEW_SPI, groups=[DhGroup.CURVE25519], ke=ke_of(key))
    assert_refused(cpe, answer, NotifyType.NO_PROPOSAL_CHOSEN)


@pytest.mark.parametrize("with_ke", [False, True], ids=["no KE payload", "KE payload of another group"])
def test_the_selected_group_needs_its_ke_payload(*, with_ke: bool) -> None:
    cpe = with_peer(ECP_PFS)
    ke = ke_of(new_key(cpe, DhGroup.CURVE25519)) if with_ke else None
    groups = [DhGroup.CURVE25519, DhGroup.ECP_256]
    answer = cpe.rekey_child(cpe.esp_spi, NEW_SPI, groups=groups, ke=ke)
    notify = assert_refused(cpe, answer, NotifyType.INVALID_KE_PAYLOAD)
    assert notify.data == (19).to_bytes(2, "big")


def test_an_invalid_public_value_gets_invalid_syntax_and_ends_the_ike_sa() -> None:
    cpe = with_peer(ECP_PFS)
    ke = KePayload(DhGroup.ECP_256, bytes(64))
    answer = cpe.rekey_child(cpe.esp_spi, NEW_SPI, groups=[DhGroup.ECP_256], ke=ke)
    assert notified(answer) == [NotifyType.INVALID_SYNTAX]
    assert cpe.world.is_empty


@pytest.mark.parametrize(
    ("suite", "group", "other"),
    [
        (IKE_CBC_128, DhGroup.ECP_256, DhGroup.MODP_2048),
        (IKE_GCM_256, DhGroup.MODP_2048, DhGroup.ECP_256),
    ],
    ids=["group 19", "group 14"],
)
def test_pfs_same_as_ike_requires_the_group_of_the_ike_sa(
    suite: Suite, group: DhGroup, other: DhGroup
) -> None:
    cpe = with_peer(replace(PEER, pfs_same_as_ike=True), suite=suite)
    key = new_key(cpe, other)
    refused = cpe.rekey_child(cpe.esp_spi, NEW_SPI, groups=[other], ke=ke_of(key))
    assert_refused(cpe, refused, NotifyType.NO_PROPOSAL_CHOSEN)
    key = new_key(cpe, group)
    answer = cpe.rekey_child(cpe.esp_spi, NEW_SPI, groups=[group], ke=ke_of(key))
    assert_keys_agree(cpe, answer, key.shared(first(answer, KePayload).data))


def test_the_first_child_sa_needs_no_group_where_pfs_is_required() -> None:
    assert len(with_peer(ECP_PFS).world.sas[0].children) == 1


def test_a_reserved_spi_is_refused_at_the_rekey() -> None:
    cpe = connected()
    assert_refused(cpe, cpe.rekey_child(cpe.esp_spi, bytes(4)), NotifyType.NO_PROPOSAL_CHOSEN)


def test_the_proposal_number_is_echoed() -> None:
    cpe = connected()
    rekey = NotifyPayload(NotifyType.REKEY_SA, protocol=ProtocolId.ESP, spi=cpe.esp_spi)
    offer = SaPayload((proposal_of(ESP_GCM_256, spi=NEW_SPI, number=7),))
    answer = cpe.exchange(
        ExchangeType.CREATE_CHILD_SA, [rekey, *swapped(cpe.child_payloads(spi=NEW_SPI), offer)]
    )
    assert first(answer, SaPayload).proposals[0].number == 7
