"""A glance at an unparsed IKE_SA_INIT request sees what the codec would, and survives anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ike.codec import NoncePayload, NotifyPayload, Payload, VendorPayload, build_message
from ike.constants import HEADER_LENGTH, ExchangeType, NotifyType, PayloadType
from ike.peek import cookie_of, nat_hashes_of, nonce_of
from tests.ike.codec.strategies import PROPERTY, chains
from tests.ike.initiator import Initiator
from tests.ike.world import World

HEADER = Initiator(World()).header(ExchangeType.IKE_SA_INIT, 0)
NONCE = NoncePayload(bytes(range(32)))
COOKIE = NotifyPayload(NotifyType.COOKIE, b"a cookie")


def request(*payloads: Payload) -> bytes:
    return build_message(HEADER, payloads)


def raw(first: int, body: bytes) -> bytes:
    """A message with a chain of payloads that the codec would not build."""
    header = request()
    length = (HEADER_LENGTH + len(body)).to_bytes(4, "big")
    return header[:16] + bytes([first]) + header[17:24] + length + body


@PROPERTY
@given(chain=chains)
def test_the_nonce_is_the_first_of_the_chain(chain: tuple[Payload, ...]) -> None:
    nonces = [payload.data for payload in chain if isinstance(payload, NoncePayload)]
    assert nonce_of(request(*chain)) == (nonces[0] if nonces else None)


@PROPERTY
@given(chain=chains)
def test_only_a_cookie_that_the_message_begins_with_is_one(chain: tuple[Payload, ...]) -> None:
    assert cookie_of(request(COOKIE, *chain)) == COOKIE.data
    assert cookie_of(request(VendorPayload(b"first"), COOKIE, *chain)) is None


@pytest.mark.parametrize(("length", "seen"), [(0, False), (1, True), (64, True), (65, False)])
def test_a_cookie_has_1_to_64_octets(*, length: int, seen: bool) -> None:
    cookie = cookie_of(request(NotifyPayload(NotifyType.COOKIE, bytes(length)), NONCE))
    assert (cookie is not None) is seen


@pytest.mark.parametrize(("length", "seen"), [(15, False), (16, True), (256, True), (257, False)])
def test_a_nonce_has_16_to_256_octets(*, length: int, seen: bool) -> None:
    body = (4 + length).to_bytes(4, "big") + bytes(length)
    assert (nonce_of(raw(PayloadType.NONCE, body)) is not None) is seen


@pytest.mark.parametrize("length", [0, 3, 37, 65_535])
def test_behind_a_payload_whose_length_cannot_be_nothing_is_seen(length: int) -> None:
    wrong = bytes([PayloadType.NONCE, 0]) + length.to_bytes(2, "big")
    nonce = (4 + 32).to_bytes(4, "big") + bytes(32)
    assert nonce_of(raw(PayloadType.VENDOR, bytes([PayloadType.NONCE, 0, 0, 4]) + nonce)) == bytes(32)
    assert nonce_of(raw(PayloadType.VENDOR, wrong + nonce[:32])) is None


def test_a_chain_is_followed_for_32_payloads_at_most() -> None:
    empty = bytes([PayloadType.VENDOR, 0, 0, 4])
    last = bytes([PayloadType.NONCE, 0, 0, 4])
    nonce = (4 + 32).to_bytes(4, "big") + bytes(32)
    assert nonce_of(raw(PayloadType.VENDOR, empty * 30 + last + nonce)) == bytes(32)
    assert nonce_of(raw(PayloadType.VENDOR, empty * 31 + last + nonce)) is None


@PROPERTY
@given(first=st.integers(0, 255), body=st.binary(max_size=120))
def test_any_octets_are_looked_at_without_harm(first: int, body: bytes) -> None:
    data = raw(first, body)
    assert len(nonce_of(data) or bytes(16)) >= 16
    assert len(cookie_of(data) or b"-") <= 64
    assert all(len(each) == 20 for hashes in nat_hashes_of(data) for each in hashes)
