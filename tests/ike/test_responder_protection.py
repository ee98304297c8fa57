"""The SK payload on receipt: checksum, padding, what stands in and before it (RFC 7296 3.14 and 2.21.3)."""

from collections.abc import Callable

import pytest

from ike.codec import (
    EncryptedPayload,
    NotifyPayload,
    UnknownPayload,
    build_message,
    build_payloads,
    encrypted_prefix,
    parse_message,
)
from ike.constants import ExchangeType, NotifyType
from ike.events import (
    DropReason,
    IkeSaClosed,
    MessageReceived,
    RequestRefused,
)
from ike.proposal import Suite
from tests.ike.initiator import Initiator, connected, first, notified
from tests.ike.world import IKE_CBC_128, IKE_GCM_256, World

SUITES = pytest.mark.parametrize("suite", [IKE_GCM_256, IKE_CBC_128], ids=lambda s: s.name)


def sealed(cpe: Initiator, plaintext: bytes, first_inner: int = 0) -> bytes:
    """An INFORMATIONAL request whose decrypted content is exactly ``plaintext``, padding included."""
    iv = cpe.random(cpe.outbound.iv_length)
    length = len(iv) + len(plaintext) + cpe.outbound.icv_length
    prefix = encrypted_prefix(cpe.header(ExchangeType.INFORMATIONAL, cpe.next_id), first_inner, length)
    return prefix + iv + cpe.outbound.seal(iv, prefix, plaintext)


@SUITES
def test_any_changed_octet_behind_the_header_is_dropped_and_changes_nothing(suite: Suite) -> None:
    cpe = Initiator(World(), suite=suite)
    cpe.send_init()
    data = cpe.request(ExchangeType.IKE_AUTH, cpe.auth_payloads())
    for offset in range(32, len(data)):
        forged = data[:offset] + bytes([data[offset] ^ 0x40]) + data[offset + 1 :]
        assert cpe.world.deliver(forged) == []
    assert set(cpe.world.drops) == {DropReason.INTEGRITY}
    ((answer, _),) = cpe.world.deliver(data)
    assert cpe.accepts(cpe.open(answer))


@SUITES
def test_the_header_is_protected_too(suite: Suite) -> None:
    cpe = connected(suite=suite)
    data = cpe.request(ExchangeType.INFORMATIONAL, [])
    for offset in (17, 19):  # minor version; a reserved flag
        assert cpe.world.deliver(data[:offset] + bytes([data[offset] | 1]) + data[offset + 1 :]) == []
    assert cpe.world.drops == [DropReason.INTEGRITY] * 2


def test_a_message_with_a_bad_checksum_is_not_reported_as_received() -> None:
    cpe = connected()
    data = cpe.request(ExchangeType.INFORMATIONAL, [])
    before = len(cpe.world.of(MessageReceived))
    cpe.world.deliver(data[:-1] + bytes([data[-1] ^ 1]))
    assert len(cpe.world.of(MessageReceived)) == before


def test_a_message_without_an_sk_payload_is_dropped() -> None:
    cpe = connected()
    header = cpe.header(ExchangeType.INFORMATIONAL, cpe.next_id)
    assert cpe.world.deliver(build_message(header, [NotifyPayload(NotifyType.AUTHENTICATION_FAILED)])) == []
    assert cpe.world.drops == [DropReason.NOT_ENCRYPTED]
    assert len(cpe.world.sas) == 1


@SUITES
def test_an_sk_payload_that_is_too_short_is_dropped(suite: Suite) -> None:
    cpe = connected(suite=suite)
    header = cpe.header(ExchangeType.INFORMATIONAL, cpe.next_id)
    for length in range(cpe.outbound.iv_length + cpe.outbound.icv_length + 1):
        assert cpe.world.deliver(build_message(header, [EncryptedPayload(0, bytes(length))])) == []
    assert set(cpe.world.drops) == {DropReason.MALFORMED}


def test_a_cbc_ciphertext_of_odd_length_is_dropped() -> None:
    cpe = connected(suite=IKE_CBC_128)
    header = cpe.header(ExchangeType.INFORMATIONAL, cpe.next_id)
    body = bytes(cpe.outbound.iv_length + 15 + cpe.outbound.icv_length)
    assert cpe.world.deliver(build_message(header, [EncryptedPayload(0, body)])) == []
    assert cpe.world.drops == [DropReason.INTEGRITY]


@pytest.mark.parametrize(
    ("suite", "plaintext"),
    [(IKE_GCM_256, b"\x01"), (IKE_GCM_256, b"\0\0\0\xff"), (IKE_CBC_128, bytes(15) + b"\x10")],
    ids=["one octet", "longer than the content", "a whole block"],
)
def test_bad_padding_of_an_authentic_message_gets_invalid_syntax_and_ends_the_sa(
    suite: Suite, plaintext: bytes
) -> None:
    cpe = connected(suite=suite)
    ((answer, _),) = cpe.world.deliver(sealed(cpe, plaintext))
    assert notified(cpe.open(answer)) == [NotifyType.INVALID_SYNTAX]
    assert cpe.world.is_empty
    assert "pad length" in cpe.world.last(RequestRefused).reason


def test_any_content_of_the_padding_is_accepted() -> None:
    cpe = connected()
    ((answer, _),) = cpe.world.deliver(sealed(cpe, b"\xaa\xbb\xcc\x03"))
    assert cpe.open(answer) == ()


def test_an_authentic_request_that_cannot_be_parsed_gets_invalid_syntax_and_ends_the_sa() -> None:
    cpe = connected()
    first_inner, inner = build_payloads([UnknownPayload(33, critical=False, body=b"no proposals")])
    ((answer, _),) = cpe.world.deliver(sealed(cpe, inner + b"\0", first_inner))
    assert notified(cpe.open(answer)) == [NotifyType.INVALID_SYNTAX]
    assert cpe.world.is_empty
    assert cpe.world.last(IkeSaClosed).was_established


def inside(cpe: Initiator, unknown: UnknownPayload) -> bytes:
    return cpe.request(ExchangeType.INFORMATIONAL, [unknown])


def in_front(cpe: Initiator, unknown: UnknownPayload) -> bytes:
    """A request with a payload in clear text, but authentic, in front of its SK payload."""
    header = cpe.header(ExchangeType.INFORMATIONAL, cpe.next_id)
    length = cpe.outbound.iv_length + 1 + cpe.outbound.icv_length
    whole = build_message(header, [unknown, EncryptedPayload(0, bytes(length))])
    prefix, iv = whole[:-length], bytes(cpe.outbound.iv_length)
    cpe.next_id += 1
    return prefix + iv + cpe.outbound.seal(iv, prefix, b"\0")


@pytest.mark.parametrize("place", [inside, in_front])
def test_an_unknown_critical_payload_is_refused_and_the_ike_sa_stays(
    place: Callable[[Initiator, UnknownPayload], bytes],
) -> None:
    cpe = connected()
    ((answer, _),) = cpe.world.deliver(place(cpe, UnknownPayload(200, critical=True, body=b"")))
    notify = first(cpe.open(answer), NotifyPayload)
    assert (notify.notify_type, notify.data) == (NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD, bytes([200]))
    assert len(cpe.world.sas[0].children) == 1
    assert cpe.send_informational() == ()


@pytest.mark.parametrize("place", [inside, in_front])
def test_an_unknown_payload_that_is_not_critical_is_ignored(
    place: Callable[[Initiator, UnknownPayload], bytes],
) -> None:
    cpe = connected()
    ((answer, _),) = cpe.world.deliver(place(cpe, UnknownPayload(200, critical=False, body=b"x")))
    assert cpe.open(answer) == ()


def test_no_iv_of_ours_repeats_with_an_aead() -> None:
    cpe = connected()
    seen = set()
    for _ in range(20):
        ((answer, _),) = cpe.world.deliver(cpe.request(ExchangeType.INFORMATIONAL, []))
        sk = first(parse_message(answer).payloads, EncryptedPayload)
        seen.add(sk.body[: cpe.outbound.iv_length])
    assert len(seen) == 20
