"""Whole messages (RFC 7296 sections 3.1 and 3.14)."""

import pytest

from ike.codec import (
    CodecError,
    EncryptedPayload,
    Header,
    NoncePayload,
    NotifyPayload,
    VendorPayload,
    build_message,
    build_payloads,
    encrypted_prefix,
    parse_message,
)
from ike.constants import ExchangeType, HeaderFlag, NotifyType, PayloadType

HEADER = Header(
    spi_i=b"initiatr",
    spi_r=b"respondr",
    exchange=ExchangeType.IKE_AUTH,
    flags=HeaderFlag.RESPONSE,
    message_id=1,
)
BODY = b"IV......ciphertext....ICV"


def test_building_sets_first_payload_and_length() -> None:
    data = build_message(HEADER, [NoncePayload(bytes(16)), VendorPayload(b"")])
    assert data[16] == PayloadType.NONCE
    assert int.from_bytes(data[24:28], "big") == len(data) == 28 + 20 + 4


def test_a_message_may_have_no_payload() -> None:
    assert parse_message(build_message(HEADER, ())).payloads == ()


@pytest.mark.parametrize("change", [-1, 1])
def test_a_length_that_is_not_the_datagrams_is_refused(change: int) -> None:
    data = build_message(HEADER, [NoncePayload(bytes(16))])
    data = data[:24] + (len(data) + change).to_bytes(4, "big") + data[28:]
    with pytest.raises(
        CodecError, match=f"octet 24: the header says {48 + change} octets, the datagram has 48"
    ):
        parse_message(data)


def test_offsets_in_errors_count_from_the_start_of_the_datagram() -> None:
    data = build_message(HEADER, [VendorPayload(b"abcd"), NoncePayload(bytes(15))])
    with pytest.raises(CodecError) as caught:
        parse_message(data)
    assert (caught.value.payload, caught.value.offset) == (PayloadType.NONCE, 28 + 8 + 4)


def test_sk_ends_the_chain_and_names_the_first_inner_payload() -> None:
    (payload,) = parse_message(build_message(HEADER, [EncryptedPayload(PayloadType.IDi, BODY)])).payloads
    assert isinstance(payload, EncryptedPayload)
    assert (payload.first_inner, payload.body, payload.offset) == (PayloadType.IDi, BODY, 28)


def test_payloads_may_stand_before_sk() -> None:
    message = parse_message(
        build_message(HEADER, [VendorPayload(b"abcd"), EncryptedPayload(PayloadType.IDi, BODY)])
    )
    sk = message.payloads[-1]
    assert isinstance(sk, EncryptedPayload)
    assert sk.offset == 28 + 8


def test_octets_after_sk_are_refused() -> None:
    data = build_message(HEADER, [EncryptedPayload(PayloadType.VENDOR, BODY)]) + bytes(4)
    data = data[:24] + len(data).to_bytes(4, "big") + data[28:]
    with pytest.raises(CodecError, match="SK payload, octet 57: 4 octets after the end of the last payload"):
        parse_message(data)


def test_the_encrypted_prefix_and_the_body_are_the_message() -> None:
    data = encrypted_prefix(HEADER, PayloadType.IDr, len(BODY)) + BODY
    assert data == build_message(HEADER, [EncryptedPayload(PayloadType.IDr, BODY)])


def test_the_encrypted_prefix_is_the_associated_data_that_the_receiver_sees() -> None:
    prefix = encrypted_prefix(HEADER, PayloadType.IDr, len(BODY))
    data = prefix + BODY
    (sk,) = parse_message(data).payloads
    assert isinstance(sk, EncryptedPayload)
    assert data[: sk.offset + 4] == prefix


def test_an_encrypted_message_may_be_empty_inside() -> None:
    first, inner = build_payloads(())
    assert inner == b""
    (sk,) = parse_message(encrypted_prefix(HEADER, first, len(BODY)) + BODY).payloads
    assert sk == EncryptedPayload(PayloadType.NONE, BODY)


def test_an_encrypted_body_too_long_for_sk_is_refused() -> None:
    with pytest.raises(CodecError, match="SK payload, octet 0: 65536 octets, expected at most 65535"):
        encrypted_prefix(HEADER, PayloadType.IDr, 65532)


def test_description_lists_header_and_payloads() -> None:
    message = parse_message(build_message(HEADER, [NotifyPayload(NotifyType.INVALID_SYNTAX)]))
    assert message.describe() == {
        "header": message.header.describe(),
        "payloads": [{"payload": "NOTIFY", "type": "INVALID_SYNTAX", "error": True}],
    }
