"""Sending in fragments: sizes, retransmission, and the size of the path (RFC 7383 sections 2.5 and 2.6.1)."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ike import fragmentation, session
from ike.codec import EncryptedFragmentPayload, Payload, VendorPayload, parse_message
from ike.config import MIN_FRAGMENT_SIZE
from ike.constants import HEADER_LENGTH, ExchangeType, IdType
from ike.context import Context
from ike.events import MessageSent, RequestRepeated
from ike.fragmentation import OVERHEAD, PROBED_SIZE
from ike.identification import Identification
from ike.ike_sa import IkeSa
from ike.proposal import Suite
from ike.reassembly import Opened
from ike.request import Request
from tests.ike.initiator import Initiator
from tests.ike.world import CPE, IKE_CBC_128, IKE_GCM_256, PEER, World

INFORMATIONAL = ExchangeType.INFORMATIONAL
SMALL = PEER.fragment_size - OVERHEAD


def established(
    *, suite: Suite = IKE_GCM_256, announced: bool = True, fragment_size: int = PEER.fragment_size
) -> Initiator:
    """A CPE with its SAs up that announced fragmentation, or did not."""
    world = World({CPE: replace(PEER, fragment_size=fragment_size)})
    cpe = Initiator(world, suite=suite)
    cpe.send_init(cpe.fragmenting_init_payloads() if announced else None)
    cpe.send_auth()
    return cpe


def responder_sa(cpe: Initiator) -> IkeSa:
    """The responder's end of the IKE SA."""
    (sa,) = cpe.world.sas
    return sa


def response(cpe: Initiator, octets: int, request: Opened | None = None) -> tuple[bytes, ...]:
    """A response of that many octets in one payload, as the responder seals it."""
    header = cpe.header(INFORMATIONAL, 2, 0)
    sealed = fragmentation.seal_response(responder_sa(cpe), header, [VendorPayload(bytes(octets))], request)
    assert sealed.smaller == ()
    return sealed.datagrams


def own_request(cpe: Initiator, octets: int) -> fragmentation.Sealed:
    """A request of the responder of that many octets in one payload."""
    header = cpe.header(INFORMATIONAL, 0, 0)
    return fragmentation.seal_request(responder_sa(cpe), header, [VendorPayload(bytes(octets))])


def in_fragments(cpe: Initiator, size: int) -> Opened:
    """A request of the peer that came in fragments of ``size`` octets."""
    message = parse_message(cpe.sealer.seal(cpe.header(INFORMATIONAL, 2), []))
    return Opened(message, b"\0", b"", (size, size - 40), in_fragments=True)


# Cutting (section 2.5)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([IKE_GCM_256, IKE_CBC_128]), st.integers(0, 3000), st.integers(120, 1500))
def test_what_is_cut_is_put_together_again_and_no_datagram_is_too_long(
    suite: Suite, octets: int, limit: int
) -> None:
    cpe = established(suite=suite)
    sealer = responder_sa(cpe).sealer
    payloads: list[Payload] = [VendorPayload(bytes(octets))]
    datagrams = sealer.seal_within(cpe.header(INFORMATIONAL, 2, 0), payloads, limit)
    assert max(map(len, datagrams)) <= limit
    assert cpe.read(datagrams) == tuple(payloads)
    whole = sealer.seal(cpe.header(INFORMATIONAL, 2, 0), payloads)
    assert (len(datagrams) == 1) == (len(whole) <= limit)


@pytest.mark.parametrize("suite", [IKE_GCM_256, IKE_CBC_128], ids=["AEAD", "CBC and HMAC"])
def test_every_fragment_but_the_last_is_as_large_as_it_may_be(suite: Suite) -> None:
    cpe = established(suite=suite)
    *full, last = response(cpe, 2000)
    block = 16 if suite is IKE_CBC_128 else 1
    assert {len(data) for data in full} == {len(full[0])}
    assert SMALL - block < len(full[0]) <= SMALL
    assert len(last) <= len(full[0])


@pytest.mark.parametrize("suite", [IKE_GCM_256, IKE_CBC_128], ids=["AEAD", "CBC and HMAC"])
def test_no_two_fragments_have_the_same_iv(suite: Suite) -> None:
    datagrams = response(established(suite=suite), 3000)
    bodies = [parse_message(data).payloads[-1] for data in datagrams]
    ivs = {body.body[:8] for body in bodies if isinstance(body, EncryptedFragmentPayload)}
    assert len(ivs) == len(datagrams) > 4


def test_a_size_without_room_for_content_is_an_error() -> None:
    sealer = responder_sa(established()).sealer
    header = Initiator(World()).header(INFORMATIONAL, 0)
    outside = HEADER_LENGTH + 8 + 8 + 16
    assert len(sealer.seal_within(header, [VendorPayload(b"abc")], outside + 2)) == 7
    with pytest.raises(ValueError, match="no room"):
        sealer.seal_within(header, [VendorPayload(b"abc")], outside + 1)


# Sizes (section 2.5.1)


def test_a_message_that_fits_is_sent_whole() -> None:
    (whole,) = response(established(), 400)
    assert len(whole) <= SMALL


def test_a_response_that_exceeds_576_octets_with_its_headers_is_sent_in_fragments() -> None:
    cpe = established()
    fits = SMALL - len(response(cpe, 0)[0])
    assert len(response(cpe, fits)) == 1
    assert len(response(cpe, fits + 1)) == 2


def test_a_response_is_sent_whole_to_a_peer_that_does_not_know_fragments() -> None:
    assert len(response(established(announced=False), 3000)) == 1


def test_the_size_is_the_peers_setting() -> None:
    cpe = established(fragment_size=1500)
    datagrams = response(cpe, 3000)
    assert max(map(len, datagrams)) == 1500 - OVERHEAD


def test_fragments_of_a_response_are_no_larger_than_those_of_its_request() -> None:
    cpe = established()
    datagrams = response(cpe, 1000, in_fragments(cpe, 300))
    assert max(map(len, datagrams)) == 300


def test_fragments_of_a_response_are_no_larger_than_ours_when_the_peers_are() -> None:
    cpe = established()
    assert max(map(len, response(cpe, 1000, in_fragments(cpe, 1200)))) == SMALL


def test_tiny_fragments_of_the_peer_do_not_make_ours_tiny() -> None:
    cpe = established()
    datagrams = response(cpe, 1000, in_fragments(cpe, 80))
    assert max(map(len, datagrams)) == MIN_FRAGMENT_SIZE - OVERHEAD


def test_the_smallest_size_has_room_with_every_algorithm() -> None:
    for suite in (IKE_GCM_256, IKE_CBC_128):
        assert len(response(established(suite=suite, fragment_size=MIN_FRAGMENT_SIZE), 500)) < 7


# The responder as a whole


def test_the_response_to_a_request_in_fragments_is_no_larger_than_them_and_repeated_to_the_bit() -> None:
    long = Identification(IdType.ID_FQDN, b"gateway." * 40)
    cpe = Initiator(World({CPE: replace(PEER, local_identity=long)}))
    cpe.send_init(cpe.fragmenting_init_payloads())
    cpe.path = cpe.path._replace(local_port=4500, remote_port=4500)
    requests = cpe.fragments(ExchangeType.IKE_AUTH, cpe.auth_payloads(), size=160)
    answers = [sent for data in requests for sent, _ in cpe.world.deliver(data, cpe.path)]
    assert len(answers) > 1
    assert cpe.accepts(cpe.read(answers))
    sent = cpe.world.last(MessageSent)
    assert (sent.fragments, sent.length) == (tuple(map(len, answers)), sum(map(len, answers)))
    again = cpe.world.deliver(requests[0], cpe.path)
    assert [data for data, _ in again] == answers
    assert cpe.world.last(RequestRepeated).exchange == "IKE_AUTH"


def test_a_whole_message_has_no_fragments_in_its_event() -> None:
    assert established().world.last(MessageSent).fragments == ()


def test_a_response_of_the_peer_may_come_in_fragments() -> None:
    cpe = established()
    cpe.world.responder.probe(responder_sa(cpe), cpe.world.now)
    ((probe, _),) = cpe.world.take()
    header = parse_message(cpe.answer(probe)).header
    datagrams = cpe.sealer.seal_within(header, [VendorPayload(bytes(300))], 120)
    for data in reversed(datagrams):
        assert responder_sa(cpe).outstanding is not None
        cpe.world.deliver(data, cpe.path)
    assert responder_sa(cpe).outstanding is None


# The size of the path (section 2.5.2)


def test_a_request_of_ours_tries_1280_octets_first_and_has_smaller_fragments_ready() -> None:
    cpe = established()
    sealed = own_request(cpe, 2000)
    assert max(map(len, sealed.datagrams)) == PROBED_SIZE - OVERHEAD
    assert max(map(len, sealed.smaller)) == SMALL
    assert len(sealed.smaller) > len(sealed.datagrams) > 1
    assert cpe.read(sealed.smaller) == cpe.read(sealed.datagrams)


def test_a_request_that_fits_every_path_has_no_smaller_form() -> None:
    assert own_request(established(), 300).smaller == ()


def test_a_request_to_a_peer_that_does_not_know_fragments_has_no_smaller_form() -> None:
    sealed = own_request(established(announced=False), 2000)
    assert (len(sealed.datagrams), sealed.smaller) == (1, ())


class LargeRequest(Request):
    """A request of the responder that no path takes whole."""

    exchange = INFORMATIONAL

    def payloads(self, sa: IkeSa, ctx: Context) -> Sequence[Payload]:
        """One payload of 2,000 octets."""
        return [VendorPayload((sa.spi_i + ctx.random(8)) * 125)]

    def answered(self, sa: IkeSa, payloads: Sequence[Payload], ctx: Context) -> None:
        """Nothing to learn."""


def ask(cpe: Initiator) -> list[bytes]:
    """Make the responder send the large request."""
    ctx = cpe.world.responder._ctx
    ctx.want(responder_sa(cpe), LargeRequest())
    session.flush(ctx)
    return [data for data, _ in cpe.world.take()]


def sent_again(cpe: Initiator) -> list[bytes]:
    """The next retransmission of the responder."""
    due = cpe.world.responder.next_timer()
    assert due is not None
    return [data for data, _ in cpe.world.advance(due - cpe.world.now)]


def test_the_second_retransmission_is_smaller_and_then_the_two_forms_take_turns() -> None:
    cpe = established()
    first, *again = ask(cpe), sent_again(cpe), sent_again(cpe), sent_again(cpe), sent_again(cpe)
    assert max(map(len, first)) == PROBED_SIZE - OVERHEAD
    assert max(map(len, again[1])) == SMALL
    assert again == [first, again[1], first, again[1]]
    assert {parse_message(data).header.message_id for data in first + again[1]} == {0}


def test_a_path_that_was_found_small_is_not_tried_again() -> None:
    cpe = established()
    ask(cpe)
    sent_again(cpe)
    again = sent_again(cpe)
    cpe.world.deliver(cpe.answer(again[0]), cpe.path)
    assert max(map(len, ask(cpe))) == SMALL


def test_an_answer_to_a_large_retransmission_does_not_make_the_path_small() -> None:
    cpe = established()
    ask(cpe)
    again = sent_again(cpe)
    cpe.world.deliver(cpe.answer(again[0]), cpe.path)
    assert max(map(len, ask(cpe))) == PROBED_SIZE - OVERHEAD


def test_a_path_that_was_found_large_is_used() -> None:
    cpe = established()
    cpe.world.deliver(cpe.answer(ask(cpe)[0]), cpe.path)
    assert max(map(len, ask(cpe))) == PROBED_SIZE - OVERHEAD
