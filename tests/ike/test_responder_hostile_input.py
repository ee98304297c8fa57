"""Whatever arrives, in whatever state: nothing raises, nothing goes unsaid, nothing unauthenticated stays."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ike.codec import Header, Payload, build_message, encrypted_prefix
from ike.config import CookieMode, Limits
from ike.constants import ExchangeType, HeaderFlag
from ike.state import State
from tests.ike.codec.strategies import PROPERTY, chains
from tests.ike.initiator import Initiator, connected
from tests.ike.world import IKE_CBC_128, World

FLAGS = st.sampled_from([HeaderFlag.INITIATOR, HeaderFlag.INITIATOR | HeaderFlag.RESPONSE])
EXCHANGES = st.sampled_from([*ExchangeType, 43, 255])


def before() -> Initiator:
    return Initiator(World(), suite=IKE_CBC_128)


def before_a_cookie() -> Initiator:
    return Initiator(World(limits=Limits(cookies=CookieMode.ALWAYS)), suite=IKE_CBC_128)


def half_open() -> Initiator:
    cpe = before()
    cpe.send_init()
    return cpe


def established() -> Initiator:
    return connected(suite=IKE_CBC_128)


def rekeyed() -> Initiator:
    cpe = established()
    cpe.rekey_ike()
    return cpe


def probing() -> Initiator:
    cpe = established()
    cpe.world.responder.probe(cpe.world.sas[0], cpe.world.now)
    cpe.world.take()
    return cpe


def deleting() -> Initiator:
    cpe = established()
    cpe.world.responder.delete(cpe.world.sas[0], cpe.world.now)
    cpe.world.take()
    return cpe


AUTHENTICATED = (established, rekeyed, probing, deleting)
IN_EVERY_STATE = pytest.mark.parametrize("reach", [before, before_a_cookie, half_open, *AUTHENTICATED])
WITH_KEYS = pytest.mark.parametrize("reach", [half_open, *AUTHENTICATED])


def deliver(cpe: Initiator, data: bytes) -> None:
    """Deliver; it is answered or an event says why not."""
    events = len(cpe.world.events)
    cpe.world.deliver(data, cpe.path)
    assert len(cpe.world.events) > events


def assert_nothing_unauthenticated_stays(cpe: Initiator) -> None:
    cpe.world.advance(cpe.world.limits.half_open_timeout)
    assert all(sa.state is not State.HALF_OPEN for sa in cpe.world.sas)
    ctx = cpe.world.responder._ctx
    assert set(ctx.by_init_request.values()) <= set(cpe.world.sas)
    assert {spi: sa for sa in cpe.world.sas for spi in sa.children} == ctx.esp_owner


def valid_message(cpe: Initiator) -> bytes:
    """What the CPE would send next."""
    match cpe.world.sas:
        case []:
            return cpe.init_request()
        case [sa] if sa.state is State.HALF_OPEN:
            return cpe.request(ExchangeType.IKE_AUTH, cpe.auth_payloads())
        case _:
            return cpe.request(ExchangeType.CREATE_CHILD_SA, cpe.rekey_ike_payloads(cpe.successor()))


@IN_EVERY_STATE
@PROPERTY
@given(data=st.binary(max_size=200))
def test_random_octets(reach: Callable[[], Initiator], data: bytes) -> None:
    cpe = reach()
    deliver(cpe, data)
    assert_nothing_unauthenticated_stays(cpe)


@IN_EVERY_STATE
@PROPERTY
@given(body=st.binary(max_size=200), exchange=EXCHANGES, flags=FLAGS, message_id=st.integers(0, 3))
def test_random_octets_behind_a_header_that_fits(
    reach: Callable[[], Initiator], body: bytes, exchange: int, flags: int, message_id: int
) -> None:
    cpe = reach()
    header = cpe.header(exchange, message_id, flags).build()
    length = (len(header) + len(body)).to_bytes(4, "big")
    deliver(cpe, header[:16] + body[:1].ljust(1, b"\0") + header[17:24] + length + body)
    assert_nothing_unauthenticated_stays(cpe)


@IN_EVERY_STATE
@PROPERTY
@given(
    edits=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=4),
    cut=st.none() | st.integers(0, 2000),
    extra=st.binary(max_size=8),
)
def test_mutated_valid_messages(
    reach: Callable[[], Initiator], edits: Sequence[tuple[int, int]], cut: int | None, extra: bytes
) -> None:
    cpe = reach()
    message = bytearray(valid_message(cpe))
    for offset, octet in edits:
        message[offset % len(message)] = octet
    deliver(cpe, bytes(message[:cut]) + extra)
    assert_nothing_unauthenticated_stays(cpe)


@PROPERTY
@given(edits=st.lists(st.tuples(st.integers(28, 2000), st.integers(1, 255)), min_size=1, max_size=4))
def test_a_changed_ike_auth_request_never_authenticates(edits: Sequence[tuple[int, int]]) -> None:
    cpe = half_open()
    valid = valid_message(cpe)
    message = bytearray(valid)
    for offset, difference in edits:
        message[28 + offset % (len(valid) - 28)] ^= difference
    if message == valid:
        return
    deliver(cpe, bytes(message))
    assert_nothing_unauthenticated_stays(cpe)
    assert cpe.world.is_empty


@PROPERTY
@given(chain=chains)
def test_an_ike_sa_init_of_any_payloads(chain: tuple[Payload, ...]) -> None:
    cpe = before()
    deliver(cpe, build_message(cpe.header(ExchangeType.IKE_SA_INIT, 0), chain))
    assert_nothing_unauthenticated_stays(cpe)
    assert cpe.world.is_empty


@PROPERTY
@given(chain=chains, at=st.integers(0, 5))
def test_an_ike_sa_init_with_any_payloads_among_its_own(chain: tuple[Payload, ...], at: int) -> None:
    cpe = before()
    own = cpe.init_payloads()
    deliver(cpe, build_message(cpe.header(ExchangeType.IKE_SA_INIT, 0), [*own[:at], *chain, *own[at:]]))
    assert_nothing_unauthenticated_stays(cpe)
    assert cpe.world.is_empty


def own_payloads(cpe: Initiator, exchange: int) -> list[Payload]:
    """What a well-behaved CPE would send in an exchange."""
    if exchange == ExchangeType.IKE_AUTH:
        return cpe.auth_payloads()
    if exchange == ExchangeType.CREATE_CHILD_SA:
        return cpe.rekey_ike_payloads(cpe.successor())
    return []


@WITH_KEYS
@PROPERTY
@given(chain=chains, exchange=EXCHANGES, flags=FLAGS, among_own=st.booleans())
def test_authentic_messages_of_any_payloads(
    reach: Callable[[], Initiator], chain: tuple[Payload, ...], exchange: int, flags: int, *, among_own: bool
) -> None:
    cpe = reach()
    own = own_payloads(cpe, exchange) if among_own else []
    message_id = 0 if flags & HeaderFlag.RESPONSE else cpe.next_id
    deliver(cpe, cpe.sealer.seal(cpe.header(exchange, message_id, flags), [*own, *chain]))
    assert_nothing_unauthenticated_stays(cpe)


@WITH_KEYS
@PROPERTY
@given(content=st.binary(max_size=64), first=st.integers(0, 255), exchange=EXCHANGES, flags=FLAGS)
def test_authentic_messages_of_any_octets(
    reach: Callable[[], Initiator], content: bytes, first: int, exchange: int, flags: int
) -> None:
    cpe = reach()
    plaintext = content + bytes(-len(content) % 16 or 16)
    message_id = 0 if flags & HeaderFlag.RESPONSE else cpe.next_id
    deliver(cpe, sealed(cpe, cpe.header(exchange, message_id, flags), first, plaintext))
    assert_nothing_unauthenticated_stays(cpe)


def sealed(cpe: Initiator, header: Header, first: int, plaintext: bytes) -> bytes:
    iv = cpe.random(cpe.outbound.iv_length)
    prefix = encrypted_prefix(header, first, len(iv) + len(plaintext) + cpe.outbound.icv_length)
    return prefix + iv + cpe.outbound.seal(iv, prefix, plaintext)
