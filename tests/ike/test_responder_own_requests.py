"""Requests of the responder: probes, deletes and their retransmission (RFC 7296 sections 1.4.1, 2.1, 2.4)."""

import pytest

from ike.codec import DeletePayload, NotifyPayload, parse_header
from ike.constants import ExchangeType, HeaderFlag, NotifyType, ProtocolId
from ike.events import (
    ChildSaClosed,
    DropReason,
    IkeSaClosed,
    LivenessChecked,
    NotifyReceived,
    RequestRetransmitted,
)
from ike.state import State
from tests.ike.initiator import Initiator, connected, notified
from tests.ike.world import PATH_4500

NEW_SPI = bytes.fromhex("c0ffee01")


def probe(cpe: Initiator) -> bytes:
    """Make the responder probe; its request."""
    cpe.world.responder.probe(cpe.world.sas[0], cpe.world.now)
    ((data, path),) = cpe.world.take()
    assert path == PATH_4500
    return data


def delete(cpe: Initiator) -> bytes:
    """Make the responder delete the IKE SA; its request."""
    cpe.world.responder.delete(cpe.world.sas[0], cpe.world.now)
    ((data, _),) = cpe.world.take()
    return data


def test_a_probe_is_an_empty_informational_request_with_our_own_message_ids() -> None:
    cpe = connected()
    for message_id in range(3):
        data = probe(cpe)
        header = parse_header(data)
        assert (header.exchange, header.message_id, header.flags) == (
            ExchangeType.INFORMATIONAL,
            message_id,
            HeaderFlag(0),
        )
        assert cpe.open(data) == ()
        assert cpe.world.deliver(cpe.answer(data)) == []


def test_the_answer_to_a_probe_is_reported() -> None:
    cpe = connected()
    cpe.world.deliver(cpe.answer(probe(cpe)))
    assert not cpe.world.last(LivenessChecked).by_peer
    assert cpe.world.responder.next_timer() is None


def test_one_probe_is_under_way_at_a_time() -> None:
    cpe = connected()
    data = probe(cpe)
    cpe.world.responder.probe(cpe.world.sas[0], cpe.world.now)
    assert cpe.world.take() == []
    assert cpe.world.deliver(cpe.answer(data)) == []


def test_requests_of_both_ends_have_separate_message_ids() -> None:
    cpe = connected()
    data = probe(cpe)
    assert cpe.send_informational() == ()
    cpe.world.deliver(cpe.answer(data))
    assert cpe.send_informational() == ()


def test_an_unanswered_request_is_sent_again_after_4_s_times_1_8_to_the_n_five_times() -> None:
    cpe = connected()
    start = cpe.world.now
    data = probe(cpe)
    times = []
    while (due := cpe.world.responder.next_timer()) is not None and cpe.world.sas:
        sent = cpe.world.advance(due - cpe.world.now)
        times.append(round(due - start, 4))
        assert sent == ([(data, PATH_4500)] if len(times) <= 5 else [])
    assert times == [4.0, 11.2, 24.16, 47.488, 89.4784, 165.0611]
    assert [event.attempt for event in cpe.world.of(RequestRetransmitted)] == [1, 2, 3, 4, 5]


def test_a_peer_that_never_answers_is_gone() -> None:
    cpe = connected()
    probe(cpe)
    cpe.world.advance(166)
    assert cpe.world.is_empty
    assert cpe.world.last(IkeSaClosed).reason == "no answer to 6 requests: the peer is gone"
    assert len(cpe.world.of(ChildSaClosed)) == 1


def test_an_answer_to_a_retransmission_ends_the_schedule() -> None:
    cpe = connected()
    data = probe(cpe)
    cpe.world.advance(12)
    cpe.world.deliver(cpe.answer(data))
    assert cpe.world.advance(1000) == []
    assert len(cpe.world.sas) == 1


def test_a_repeated_answer_is_dropped() -> None:
    cpe = connected()
    answer = cpe.answer(probe(cpe))
    cpe.world.deliver(answer)
    cpe.world.deliver(answer)
    assert cpe.world.drops == [DropReason.UNEXPECTED_RESPONSE]


def test_a_forged_answer_leaves_the_request_under_way() -> None:
    cpe = connected()
    data = probe(cpe)
    answer = cpe.answer(data)
    cpe.world.deliver(answer[:-1] + bytes([answer[-1] ^ 1]))
    assert cpe.world.drops == [DropReason.INTEGRITY]
    assert cpe.world.of(LivenessChecked) == []
    assert cpe.world.advance(4) == [(data, PATH_4500)]


def test_an_answer_of_another_exchange_is_dropped() -> None:
    cpe = connected()
    probe(cpe)
    flags = HeaderFlag.INITIATOR | HeaderFlag.RESPONSE
    cpe.world.deliver(cpe.sealer.seal(cpe.header(ExchangeType.CREATE_CHILD_SA, 0, flags), []))
    assert cpe.world.drops == [DropReason.UNEXPECTED_RESPONSE]


def test_an_answer_that_cannot_be_parsed_is_dropped() -> None:
    cpe = connected()
    data = probe(cpe)
    cpe.world.deliver(cpe.answer(data, [DeletePayload(ProtocolId.ESP, 2, (b"ab",))]))
    assert cpe.world.drops == [DropReason.MALFORMED]


@pytest.mark.parametrize("error", [NotifyType.INVALID_SYNTAX, NotifyType.AUTHENTICATION_FAILED])
def test_an_answer_that_rejects_us_ends_the_ike_sa(error: NotifyType) -> None:
    cpe = connected()
    cpe.world.deliver(cpe.answer(probe(cpe), [NotifyPayload(error)]))
    assert cpe.world.last(NotifyReceived).notify == error.name
    assert cpe.world.is_empty


def test_a_delete_names_the_ike_sa_and_closes_it_when_answered() -> None:
    cpe = connected()
    data = delete(cpe)
    assert cpe.open(data) == (DeletePayload(ProtocolId.IKE, 0),)
    assert [sa.state for sa in cpe.world.sas] == [State.DELETING]
    cpe.world.deliver(cpe.answer(data))
    assert cpe.world.is_empty
    assert cpe.world.last(IkeSaClosed).reason == "deleted by us"


def test_a_second_delete_is_not_sent() -> None:
    cpe = connected()
    delete(cpe)
    cpe.world.responder.delete(cpe.world.sas[0], cpe.world.now)
    assert cpe.world.take() == []


def test_an_unanswered_delete_ends_with_the_schedule() -> None:
    cpe = connected()
    delete(cpe)
    cpe.world.advance(166)
    assert cpe.world.is_empty


def test_a_delete_waits_for_the_probe_under_way() -> None:
    cpe = connected()
    data = probe(cpe)
    cpe.world.responder.delete(cpe.world.sas[0], cpe.world.now)
    assert cpe.world.take() == []
    ((request, _),) = cpe.world.deliver(cpe.answer(data))
    assert cpe.open(request) == (DeletePayload(ProtocolId.IKE, 0),)
    cpe.world.deliver(cpe.answer(request))
    assert cpe.world.is_empty


def test_an_ike_sa_that_we_delete_is_not_rekeyed() -> None:
    cpe = connected()
    probe(cpe)
    cpe.world.responder.delete(cpe.world.sas[0], cpe.world.now)
    answer = cpe.exchange(ExchangeType.CREATE_CHILD_SA, cpe.rekey_ike_payloads(cpe.successor()))
    assert notified(answer) == [NotifyType.TEMPORARY_FAILURE]
    assert notified(cpe.rekey_child(cpe.esp_spi, NEW_SPI)) == [NotifyType.TEMPORARY_FAILURE]
    assert len(cpe.world.sas) == 1


def test_both_ends_may_delete_at_once() -> None:
    cpe = connected()
    data = delete(cpe)
    assert cpe.delete_ike() == ()
    assert cpe.world.is_empty
    cpe.world.deliver(cpe.answer(data))
    assert cpe.world.drops == [DropReason.UNKNOWN_SPI]


def test_a_half_open_sa_is_neither_probed_nor_deleted() -> None:
    cpe = Initiator(connected().world, seed="half-open")
    cpe.send_init()
    half_open = cpe.world.sas[1]
    cpe.world.responder.probe(half_open, cpe.world.now)
    cpe.world.responder.delete(half_open, cpe.world.now)
    assert cpe.world.take() == []
