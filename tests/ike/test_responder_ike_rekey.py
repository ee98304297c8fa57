"""CREATE_CHILD_SA that replaces the IKE SA (RFC 7296 sections 1.3.2, 2.8, 2.18 and 2.25.2)."""

from dataclasses import replace

import pytest

from ike.codec import KePayload, NoncePayload, Payload, SaPayload
from ike.constants import DhGroup, Encr, ExchangeType, NotifyType
from ike.crypto import dh
from ike.events import (
    ChildSaClosed,
    ChildSaEstablished,
    IkeKeysDerived,
    IkeSaClosed,
    IkeSaEstablished,
    IkeSaRekeyed,
    LivenessChecked,
    ProposalsEvaluated,
    RequestRefused,
)
from ike.proposal import Suite, encr
from ike.state import State
from tests.ike.initiator import Initiator, connected, first, notified, swapped, without
from tests.ike.world import IKE_CBC_128, IKE_GCM_256, proposal_of

NEW_SPI = bytes.fromhex("c0ffee01")


def rekey_with(cpe: Initiator, payloads: list[Payload]) -> tuple[Payload, ...]:
    return cpe.exchange(ExchangeType.CREATE_CHILD_SA, payloads)


def assert_refused(cpe: Initiator, answer: tuple[Payload, ...], notify: NotifyType) -> None:
    """One notification; the IKE SA stays as it is."""
    assert notified(answer) == [notify]
    (sa,) = cpe.world.sas
    assert (sa.state, len(sa.children)) == (State.ESTABLISHED, 1)
    assert cpe.world.of(IkeSaRekeyed) == []
    assert cpe.send_informational() == ()


@pytest.mark.parametrize("new", [IKE_GCM_256, IKE_CBC_128], ids=["same suite", "another prf and group"])
def test_both_ends_derive_the_same_keys_for_the_new_ike_sa(new: Suite) -> None:
    cpe = connected(suite=IKE_GCM_256)
    successor = cpe.rekey_ike(suite=new)
    assert cpe.world.sas[1].keys == successor.keys
    assert successor.send_informational() == ()


def test_the_answer_has_the_payloads_of_the_rfc_in_order() -> None:
    cpe = connected()
    answer = rekey_with(cpe, cpe.rekey_ike_payloads(cpe.successor()))
    assert [type(p) for p in answer] == [SaPayload, NoncePayload, KePayload]


def test_the_new_ike_sa_has_two_new_spis_and_message_ids_from_0() -> None:
    cpe = connected()
    successor = cpe.rekey_ike()
    assert successor.spi_r != cpe.spi_r
    new = cpe.world.sas[1]
    assert (new.spi_i, new.spi_r) == (successor.spi_i, successor.spi_r)
    assert (new.expected_id, new.next_id) == (0, 0)


def test_the_new_ike_sa_keeps_peer_identity_path_and_nat_status() -> None:
    cpe = connected()
    cpe.rekey_ike()
    old, new = cpe.world.sas
    assert (new.peer, new.identity, new.path, new.nat) == (old.peer, old.identity, old.path, old.nat)


def test_the_child_sas_move_to_the_new_ike_sa_and_keep_running() -> None:
    cpe = connected()
    spi_in = cpe.world.last(ChildSaEstablished).spi_in
    successor = cpe.rekey_ike()
    old, new = cpe.world.sas
    assert (old.children, list(new.children)) == ({}, [spi_in])
    assert cpe.world.responder.esp_parameters(spi_in) is not None
    cpe.delete_ike()
    assert cpe.world.of(ChildSaClosed) == []
    successor.delete_children(cpe.esp_spi)
    assert cpe.world.last(ChildSaClosed).spi_in == spi_in


def test_the_child_sa_is_rekeyed_in_the_new_ike_sa() -> None:
    cpe = connected()
    successor = cpe.rekey_ike()
    cpe.delete_ike()
    assert notified(successor.rekey_child(cpe.esp_spi, NEW_SPI)) == []
    assert len(cpe.world.sas[0].children) == 2


def test_the_events_say_which_ike_sa_replaces_which() -> None:
    cpe = connected()
    old_name = cpe.world.sas[0].name
    cpe.rekey_ike()
    event = cpe.world.last(IkeSaRekeyed)
    assert (event.replaces, event.ike_spi) == (old_name, cpe.world.sas[1].name)
    assert cpe.world.last(IkeKeysDerived).ike_spi == event.ike_spi
    assert cpe.world.last(ProposalsEvaluated).exchange == "CREATE_CHILD_SA"
    assert len(cpe.world.of(IkeSaEstablished)) == 1


def test_the_old_ike_sa_still_answers_until_it_is_deleted() -> None:
    cpe = connected()
    cpe.rekey_ike()
    assert cpe.send_informational() == ()
    assert cpe.world.last(LivenessChecked).ike_spi == cpe.world.sas[0].name
    assert cpe.delete_ike() == ()
    closed = cpe.world.last(IkeSaClosed)
    assert (closed.rekeyed, closed.was_established) == (True, True)
    assert [sa.state for sa in cpe.world.sas] == [State.ESTABLISHED]


def test_an_old_ike_sa_that_the_peer_never_deletes_is_dropped_at_its_deadline() -> None:
    cpe = connected()
    cpe.rekey_ike()
    cpe.world.advance(cpe.world.limits.patience)
    (left,) = cpe.world.sas
    assert (left.state, len(left.children)) == (State.ESTABLISHED, 1)
    assert cpe.world.last(IkeSaClosed).reason == "the peer did not delete the rekeyed IKE SA"


def test_create_child_sa_in_a_rekeyed_ike_sa_gets_temporary_failure() -> None:
    cpe = connected()
    cpe.rekey_ike()
    assert notified(cpe.rekey_child(cpe.esp_spi, NEW_SPI)) == [NotifyType.TEMPORARY_FAILURE]
    again = rekey_with(cpe, cpe.rekey_ike_payloads(cpe.successor(seed="again")))
    assert notified(again) == [NotifyType.TEMPORARY_FAILURE]
    assert len(cpe.world.sas) == 2


def test_nothing_is_left_when_both_are_deleted() -> None:
    cpe = connected()
    successor = cpe.rekey_ike()
    cpe.delete_ike()
    successor.delete_ike()
    assert cpe.world.is_empty


def test_a_rekeyed_ike_sa_can_be_rekeyed_again() -> None:
    cpe = connected()
    second = cpe.rekey_ike()
    cpe.delete_ike()
    third = second.rekey_ike(seed="third")
    second.delete_ike()
    assert third.send_informational() == ()
    assert len(cpe.world.sas) == 1


def test_proposals_that_do_not_match_get_no_proposal_chosen() -> None:
    cpe = connected()
    new = cpe.successor()
    base = proposal_of(IKE_GCM_256, spi=new.spi_i)
    weak = replace(base, transforms=(encr(Encr.AES_CBC, 256), *base.transforms[1:]))
    answer = rekey_with(cpe, swapped(cpe.rekey_ike_payloads(new), SaPayload((weak,))))
    assert_refused(cpe, answer, NotifyType.NO_PROPOSAL_CHOSEN)
    assert "ENCR offered AES_CBC-256" in cpe.world.last(RequestRefused).reason


def test_a_ke_payload_of_another_group_gets_invalid_ke_payload_with_the_wanted_group() -> None:
    cpe = connected()
    key = dh.generate(DhGroup.ECP_256, cpe.random)
    payloads = swapped(cpe.rekey_ike_payloads(cpe.successor()), KePayload(key.group, key.public))
    answer = rekey_with(cpe, payloads)
    assert_refused(cpe, answer, NotifyType.INVALID_KE_PAYLOAD)


@pytest.mark.parametrize("missing", [NoncePayload, KePayload])
def test_a_missing_payload_gets_invalid_syntax_and_ends_the_ike_sa(missing: type[Payload]) -> None:
    cpe = connected()
    answer = rekey_with(cpe, without(cpe.rekey_ike_payloads(cpe.successor()), missing))
    assert notified(answer) == [NotifyType.INVALID_SYNTAX]
    assert cpe.world.is_empty


@pytest.mark.parametrize("spi", [b"", bytes(8)], ids=["no spi", "zero"])
def test_a_proposal_without_a_usable_spi_gets_invalid_syntax(spi: bytes) -> None:
    cpe = connected()
    offer = SaPayload((proposal_of(IKE_GCM_256, spi=spi),))
    answer = rekey_with(cpe, swapped(cpe.rekey_ike_payloads(cpe.successor()), offer))
    assert notified(answer) == [NotifyType.INVALID_SYNTAX]
    assert cpe.world.is_empty


def test_an_invalid_public_value_gets_invalid_syntax_and_ends_the_ike_sa() -> None:
    cpe = connected()
    bad = KePayload(DhGroup.MODP_2048, (1).to_bytes(256, "big"))
    answer = rekey_with(cpe, swapped(cpe.rekey_ike_payloads(cpe.successor()), bad))
    assert notified(answer) == [NotifyType.INVALID_SYNTAX]
    assert cpe.world.is_empty


def test_a_repeated_rekey_request_gets_the_identical_answer_and_makes_no_third_ike_sa() -> None:
    cpe = connected()
    request = cpe.request(ExchangeType.CREATE_CHILD_SA, cpe.rekey_ike_payloads(cpe.successor()))
    answers = [cpe.world.deliver(request, cpe.path) for _ in range(2)]
    assert answers[0] == answers[1]
    assert first(cpe.open(answers[1][0][0]), SaPayload).proposals[0].spi == cpe.world.sas[1].spi_r
    assert len(cpe.world.sas) == 2
