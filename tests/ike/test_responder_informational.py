"""INFORMATIONAL requests of the peer, and INITIAL_CONTACT (RFC 7296 sections 1.4, 2.4 and 2.21)."""

from dataclasses import replace

import pytest

from ike.codec import CfgAttribute, CfgAttributeType, CfgType, CpPayload, DeletePayload, NotifyPayload
from ike.constants import ExchangeType, NotifyType, ProtocolId
from ike.events import (
    ChildSaClosed,
    ChildSaEstablished,
    DropReason,
    Event,
    IkeSaClosed,
    IkeSaEstablished,
    LivenessChecked,
    NotifyReceived,
)
from tests.ike.initiator import Initiator, connected
from tests.ike.world import CPE, PATH_500, PEER, World

NEW_SPI = bytes.fromhex("c0ffee01")
INITIAL_CONTACT = NotifyPayload(NotifyType.INITIAL_CONTACT)


def our_spi(cpe: Initiator) -> bytes:
    """Our SPI of the newest CHILD SA."""
    return cpe.world.last(ChildSaEstablished).spi_in.to_bytes(4, "big")


# Liveness


def test_an_empty_request_is_a_liveness_check_and_gets_an_empty_answer() -> None:
    cpe = connected()
    assert cpe.send_informational() == ()
    assert cpe.world.last(LivenessChecked).by_peer


# Delete


def test_a_deleted_child_sa_is_answered_with_our_spi_and_closed() -> None:
    cpe = connected()
    ours = our_spi(cpe)
    assert cpe.delete_children(cpe.esp_spi) == (DeletePayload(ProtocolId.ESP, 4, (ours,)),)
    event = cpe.world.last(ChildSaClosed)
    assert (event.spi_in, event.spi_out) == (
        int.from_bytes(ours, "big"),
        int.from_bytes(cpe.esp_spi, "big"),
    )
    assert event.reason == "the peer deleted the CHILD SA"
    assert cpe.world.responder.esp_parameters(event.spi_in) is None
    assert len(cpe.world.sas) == 1


def test_several_child_sas_can_be_deleted_at_once() -> None:
    cpe = connected()
    spis = [our_spi(cpe)]
    cpe.rekey_child(cpe.esp_spi, NEW_SPI)
    spis.append(our_spi(cpe))
    (delete,) = cpe.delete_children(cpe.esp_spi, NEW_SPI)
    assert isinstance(delete, DeletePayload)
    assert sorted(delete.spis) == sorted(spis)
    assert cpe.world.sas[0].children == {}


def test_several_delete_payloads_are_all_obeyed() -> None:
    cpe = connected()
    cpe.rekey_child(cpe.esp_spi, NEW_SPI)
    deletes = [DeletePayload(ProtocolId.ESP, 4, (spi,)) for spi in (cpe.esp_spi, NEW_SPI)]
    cpe.send_informational(*deletes)
    assert cpe.world.sas[0].children == {}


@pytest.mark.parametrize(
    "delete",
    [DeletePayload(ProtocolId.ESP, 4, (b"none",)), DeletePayload(ProtocolId.ESP, 4)],
    ids=["unknown spi", "no spi"],
)
def test_a_delete_that_names_no_child_sa_is_answered_empty(delete: DeletePayload) -> None:
    cpe = connected()
    assert cpe.send_informational(delete) == ()
    assert len(cpe.world.sas[0].children) == 1


def test_a_delete_of_an_ah_sa_does_not_touch_an_esp_sa_with_that_spi() -> None:
    cpe = connected()
    assert cpe.send_informational(DeletePayload(ProtocolId.AH, 4, (cpe.esp_spi,))) == ()
    assert len(cpe.world.sas[0].children) == 1


def test_our_own_spi_deletes_nothing() -> None:
    cpe = connected()
    assert cpe.delete_children(our_spi(cpe)) == ()
    assert len(cpe.world.sas[0].children) == 1


def test_a_deleted_ike_sa_is_answered_empty_and_leaves_nothing() -> None:
    cpe = connected()
    assert cpe.delete_ike() == ()
    assert cpe.world.is_empty
    closed = cpe.world.last(IkeSaClosed)
    assert (closed.reason, closed.was_established, closed.rekeyed) == (
        "the peer deleted the IKE SA",
        True,
        False,
    )


def test_the_child_sas_of_a_deleted_ike_sa_are_closed_before_it() -> None:
    cpe = connected()
    cpe.delete_ike()
    kinds = [type(event) for event in cpe.world.events if isinstance(event, ChildSaClosed | IkeSaClosed)]
    assert kinds == [ChildSaClosed, IkeSaClosed]


def test_messages_for_a_deleted_ike_sa_are_dropped() -> None:
    cpe = connected()
    cpe.delete_ike()
    assert cpe.world.deliver(cpe.request(ExchangeType.INFORMATIONAL, [])) == []
    assert cpe.world.drops == [DropReason.UNKNOWN_SPI]


# Errors that the peer reports


@pytest.mark.parametrize("error", [NotifyType.AUTHENTICATION_FAILED, NotifyType.INVALID_SYNTAX])
def test_a_peer_that_rejects_us_has_dropped_the_ike_sa_and_so_do_we(error: NotifyType) -> None:
    cpe = connected()
    assert cpe.send_informational(NotifyPayload(error)) == ()
    assert cpe.world.is_empty
    reported = cpe.world.last(NotifyReceived)
    assert (reported.notify, reported.is_error, reported.exchange) == (error.name, True, "INFORMATIONAL")
    assert cpe.world.last(IkeSaClosed).reason == f"the peer reports {error.name}"


def test_a_rejection_with_a_delete_payload_keeps_the_reason() -> None:
    cpe = connected()
    cpe.send_informational(DeletePayload(ProtocolId.IKE, 0), NotifyPayload(NotifyType.AUTHENTICATION_FAILED))
    assert cpe.world.last(IkeSaClosed).reason == "the peer reports AUTHENTICATION_FAILED"


@pytest.mark.parametrize(
    ("notify", "is_error"),
    [(NotifyType.INVALID_SELECTORS, True), (9999, True), (NotifyType.ADDITIONAL_IP4_ADDRESS, False)],
)
def test_other_notifications_are_reported_and_change_nothing(notify: int, *, is_error: bool) -> None:
    cpe = connected()
    assert cpe.send_informational(NotifyPayload(notify)) == ()
    assert cpe.world.last(NotifyReceived).is_error == is_error
    assert len(cpe.world.sas[0].children) == 1


# Configuration


def configuration(cfg_type: CfgType) -> CpPayload:
    return CpPayload(cfg_type, (CfgAttribute(CfgAttributeType.APPLICATION_VERSION, b""),))


def test_a_request_for_configuration_is_answered_with_none() -> None:
    assert connected().send_informational(configuration(CfgType.CFG_REQUEST)) == (
        CpPayload(CfgType.CFG_REPLY),
    )


@pytest.mark.parametrize("cfg_type", [CfgType.CFG_REPLY, CfgType.CFG_SET, CfgType.CFG_ACK])
def test_any_other_configuration_payload_is_ignored(cfg_type: CfgType) -> None:
    assert connected().send_informational(configuration(cfg_type)) == ()


def test_in_ike_auth_configuration_is_neither_given_nor_needed() -> None:
    """There are no addresses to give out, and the CPE gets its CHILD SA without (section 2.19)."""
    cpe = Initiator(World())
    cpe.send_init()
    wanted = CpPayload(CfgType.CFG_REQUEST, (CfgAttribute(CfgAttributeType.INTERNAL_IP4_ADDRESS, b""),))
    answer = cpe.send_auth([*cpe.auth_payloads(), wanted])
    assert not any(isinstance(payload, CpPayload) for payload in answer)
    assert len(cpe.world.sas[0].children) == 1


# INITIAL_CONTACT


def start_afresh(world: World) -> Initiator:
    cpe = Initiator(world, seed="restarted")
    cpe.send_init()
    cpe.send_auth([*cpe.auth_payloads(), INITIAL_CONTACT])
    return cpe


def test_initial_contact_closes_the_older_ike_sas_of_the_same_peer() -> None:
    old = connected()
    new = start_afresh(old.world)
    assert [sa.spi_i for sa in old.world.sas] == [new.spi_i]
    closed = old.world.last(IkeSaClosed)
    assert closed.ike_spi.startswith(old.spi_i.hex())
    assert "INITIAL_CONTACT" in closed.reason
    assert old.world.take() == []


def test_the_old_child_sa_is_closed_before_the_new_one_is_established() -> None:
    world = connected().world
    start_afresh(world)
    kinds: tuple[type[Event], ...] = (IkeSaEstablished, ChildSaClosed, IkeSaClosed, ChildSaEstablished)
    story = [type(event) for event in world.events if isinstance(event, kinds)]
    assert story[2:] == [IkeSaEstablished, ChildSaClosed, IkeSaClosed, ChildSaEstablished]


def test_initial_contact_does_not_touch_another_peer() -> None:
    elsewhere = "192.0.2.10"
    other_peer = replace(PEER, name="branch/cpe/1")
    world = World(peers={CPE: PEER, elsewhere: other_peer})
    other = Initiator(world, seed="other", path=PATH_500._replace(remote_ip=elsewhere))
    other.connect()
    connected(world)
    start_afresh(world)
    assert len(world.sas) == 2
    assert other.send_informational() == ()


def test_initial_contact_does_not_touch_the_ike_sa_of_another_identity_at_the_same_address() -> None:
    old = connected()
    new = Initiator(old.world, seed="behind the same NAT")
    new.send_init()
    new.send_auth([*new.auth_payloads("192.168.1.3"), INITIAL_CONTACT])
    assert len(old.world.sas) == 2
    assert old.send_informational() == new.send_informational() == ()


def test_initial_contact_spares_an_ike_sa_that_is_being_set_up() -> None:
    world = World()
    setting_up = Initiator(world, seed="setting up")
    setting_up.send_init()
    start_afresh(world)
    setting_up.send_auth()
    assert len(world.sas) == 2


def test_an_unauthenticated_initial_contact_closes_nothing() -> None:
    old = connected()
    forger = Initiator(old.world, seed="forger", psk=b"guessed")
    forger.send_init()
    forger.send_auth([*forger.auth_payloads(), INITIAL_CONTACT])
    assert [sa.spi_i for sa in old.world.sas] == [old.spi_i]
