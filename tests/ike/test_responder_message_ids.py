"""Repeated requests, message IDs and timeouts of one IKE SA (RFC 7296 sections 2.1 to 2.4)."""

from dataclasses import replace

import pytest

from ike.config import Limits
from ike.constants import ExchangeType, HeaderFlag
from ike.events import (
    ChildSaEstablished,
    DatagramDropped,
    DropReason,
    IkeSaClosed,
    IkeSaInitAnswered,
    LivenessChecked,
    RequestRepeated,
)
from ike.state import State
from tests.ike.initiator import Initiator, connected
from tests.ike.world import PATH_500, PEER, World

# Repeated requests


def test_a_repeated_ike_sa_init_gets_the_identical_answer_and_makes_no_second_sa() -> None:
    cpe = Initiator(World())
    cpe.send_init()
    ((again, _),) = cpe.world.deliver(cpe.init)
    assert again == cpe.init_response
    assert len(cpe.world.sas) == len(cpe.world.of(IkeSaInitAnswered)) == 1
    event = cpe.world.last(RequestRepeated)
    assert (event.peer, event.exchange, event.message_id) == (PEER.name, "IKE_SA_INIT", 0)


def test_a_repeated_ike_sa_init_from_another_port_is_answered_there() -> None:
    cpe = Initiator(World())
    cpe.send_init()
    rewritten = PATH_500._replace(remote_port=1012)
    assert cpe.world.deliver(cpe.init, rewritten) == [(cpe.init_response, rewritten)]
    assert len(cpe.world.sas) == 1


def test_an_ike_sa_init_with_the_same_spi_and_other_octets_is_a_new_request() -> None:
    world = World()
    cpe = Initiator(world)
    cpe.send_init()
    twin = Initiator(world)
    twin.nonce_i = bytes(32)
    twin.send_init()
    assert twin.spi_i == cpe.spi_i
    assert len(world.sas) == 2


def test_an_ike_sa_init_that_arrives_again_after_ike_auth_makes_no_new_sa() -> None:
    cpe = connected()
    assert cpe.world.deliver(cpe.init) == []
    assert cpe.world.drops == [DropReason.UNEXPECTED_MESSAGE_ID]
    assert len(cpe.world.sas) == 1


def test_a_repeated_ike_auth_gets_the_identical_answer_and_makes_no_second_child_sa() -> None:
    cpe = Initiator(World())
    cpe.send_init()
    data = cpe.request(ExchangeType.IKE_AUTH, cpe.auth_payloads())
    ((answer, _),) = cpe.world.deliver(data)
    ((again, _),) = cpe.world.deliver(data)
    assert again == answer
    assert len(cpe.world.of(ChildSaEstablished)) == len(cpe.world.of(RequestRepeated)) == 1


def test_a_repeated_later_request_gets_the_identical_answer_and_is_not_processed_again() -> None:
    cpe = connected()
    data = cpe.request(ExchangeType.INFORMATIONAL, [])
    ((answer, _),) = cpe.world.deliver(data)
    elsewhere = cpe.path._replace(remote_port=61000)
    assert cpe.world.deliver(data, elsewhere) == [(answer, elsewhere)]
    assert len(cpe.world.of(LivenessChecked)) == 1
    assert cpe.world.last(RequestRepeated).path == elsewhere


def test_only_identical_octets_are_a_repeated_request() -> None:
    cpe = connected()
    cpe.send_informational()
    cpe.next_id -= 1
    assert cpe.world.deliver(cpe.request(ExchangeType.INFORMATIONAL, [])) == []
    assert cpe.world.drops == [DropReason.UNEXPECTED_MESSAGE_ID]


# Message IDs


@pytest.mark.parametrize("message_id", [0, 1, 3, 4, 0xFFFFFFFF])
def test_a_message_id_outside_the_window_is_dropped_with_the_expected_one_named(message_id: int) -> None:
    cpe = connected()
    header = cpe.header(ExchangeType.INFORMATIONAL, message_id)
    assert cpe.world.deliver(cpe.sealer.seal(header, [])) == []
    assert cpe.world.drops == [DropReason.UNEXPECTED_MESSAGE_ID]
    detail = cpe.world.last(DatagramDropped).detail
    assert detail == f"request has message ID {message_id}, expected 2"
    assert cpe.send_informational() == ()


@pytest.mark.parametrize(
    "exchange", [ExchangeType.CREATE_CHILD_SA, ExchangeType.INFORMATIONAL, ExchangeType.IKE_SA_INIT, 43]
)
def test_a_half_open_sa_reads_ike_auth_alone(exchange: int) -> None:
    cpe = Initiator(World())
    cpe.send_init()
    assert cpe.world.deliver(cpe.request(exchange, [])) == []
    assert cpe.world.drops == [DropReason.UNEXPECTED_EXCHANGE]
    assert [sa.state for sa in cpe.world.sas] == [State.HALF_OPEN]


@pytest.mark.parametrize("exchange", [ExchangeType.IKE_AUTH, ExchangeType.IKE_SA_INIT, 43])
def test_an_established_sa_reads_no_initial_and_no_unknown_exchange(exchange: int) -> None:
    cpe = connected()
    assert cpe.world.deliver(cpe.request(exchange, [])) == []
    assert cpe.world.drops == [DropReason.UNEXPECTED_EXCHANGE]


def test_a_response_to_no_request_is_dropped() -> None:
    cpe = connected()
    header = cpe.header(ExchangeType.INFORMATIONAL, 0, HeaderFlag.INITIATOR | HeaderFlag.RESPONSE)
    assert cpe.world.deliver(cpe.sealer.seal(header, [])) == []
    assert cpe.world.drops == [DropReason.UNEXPECTED_RESPONSE]


# Time


def test_a_half_open_sa_is_dropped_at_its_timeout_without_a_message() -> None:
    world = World(limits=Limits(half_open_timeout=30.0))
    Initiator(world).send_init()
    assert world.responder.next_timer() == world.now + 30.0
    assert world.advance(29.9) == []
    assert len(world.sas) == 1
    assert world.advance(0.2) == []
    assert world.is_empty
    closed = world.last(IkeSaClosed)
    assert (closed.was_established, closed.reason) == (False, "no IKE_AUTH came after IKE_SA_INIT")


def test_a_timer_that_is_called_early_does_nothing() -> None:
    cpe = Initiator(World())
    cpe.send_init()
    cpe.world.responder.handle_timer(cpe.world.now + 1)
    assert len(cpe.world.sas) == 1


def test_forged_ike_auth_requests_do_not_prolong_a_half_open_sa() -> None:
    cpe = Initiator(World())
    cpe.send_init()
    cpe.world.advance(20)
    data = cpe.request(ExchangeType.IKE_AUTH, cpe.auth_payloads())
    cpe.world.deliver(data[:-1] + bytes([data[-1] ^ 1]))
    cpe.world.advance(10)
    assert cpe.world.is_empty


def test_an_established_sa_has_no_timer() -> None:
    cpe = connected()
    cpe.world.advance(86400)
    assert cpe.send_informational() == ()


def test_limits_default_to_half_open_30_s_and_retransmission_4_s_times_1_8_five_times() -> None:
    expected = replace(
        Limits(),
        half_open_timeout=30.0,
        retransmit_timeout=4.0,
        retransmit_base=1.8,
        retransmit_tries=5,
        max_half_open=1000,
    )
    assert Limits() == expected
