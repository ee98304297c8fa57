"""No octets, whatever their number and content, raise anything but CodecError."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ike.codec import (
    CodecError,
    Header,
    Message,
    Payload,
    build_message,
    build_payloads,
    parse_header,
    parse_message,
    parse_payloads,
)
from ike.constants import PayloadType
from tests.ike.codec.strategies import PROPERTY, chains, headers, outer_chains

LENGTH_FIELD = slice(24, 28)


def parse_or_refuse(data: bytes) -> Message | None:
    """The message, or None when it was refused with the codec's own error; any other error is the test's."""
    with contextlib.suppress(CodecError):
        return parse_message(data)
    return None


def with_true_length(data: bytes) -> bytes:
    """The same octets with the header's length field set to their number."""
    return data[: LENGTH_FIELD.start] + len(data).to_bytes(4, "big") + data[LENGTH_FIELD.stop :]


@PROPERTY
@given(st.binary(max_size=400))
def test_random_octets(data: bytes) -> None:
    parse_or_refuse(data)
    with contextlib.suppress(CodecError):
        parse_header(data)


@PROPERTY
@given(headers, st.sampled_from(list(PayloadType)), st.binary(max_size=400))
def test_random_octets_after_a_good_header(header: Header, first: PayloadType, tail: bytes) -> None:
    data = bytearray(header.build() + tail)
    data[16] = first
    parse_or_refuse(with_true_length(bytes(data)))


@PROPERTY
@given(st.integers(0, 255), st.binary(max_size=200))
def test_random_octets_as_the_body_of_each_payload(payload_type: int, body: bytes) -> None:
    generic = bytes(2) + (len(body) + 4).to_bytes(2, "big")
    with contextlib.suppress(CodecError):
        parse_payloads(payload_type, generic + body)


@PROPERTY
@given(headers, outer_chains, st.data())
def test_valid_messages_with_octets_changed(
    header: Header, payloads: tuple[Payload, ...], choose: st.DataObject
) -> None:
    data = bytearray(build_message(header, payloads))
    for _ in range(choose.draw(st.integers(1, 4))):
        data[choose.draw(st.integers(0, len(data) - 1))] = choose.draw(st.integers(0, 255))
    parse_or_refuse(bytes(data))
    parse_or_refuse(with_true_length(bytes(data)))


@PROPERTY
@given(headers, chains.filter(bool))
def test_a_message_cut_anywhere_is_refused(header: Header, payloads: tuple[Payload, ...]) -> None:
    data = build_message(header, payloads)
    for end in range(len(data)):
        assert parse_or_refuse(data[:end]) is None
        if end >= LENGTH_FIELD.stop:
            assert parse_or_refuse(with_true_length(data[:end])) is None


@PROPERTY
@given(headers, outer_chains, st.binary(min_size=1, max_size=40))
def test_a_message_with_octets_after_its_end_is_refused(
    header: Header, payloads: tuple[Payload, ...], tail: bytes
) -> None:
    data = build_message(header, payloads) + tail
    assert parse_or_refuse(data) is None
    assert parse_or_refuse(with_true_length(data)) is None


@PROPERTY
@given(chains.filter(bool))
def test_an_inner_chain_cut_anywhere_is_refused(payloads: tuple[Payload, ...]) -> None:
    first, data = build_payloads(payloads)
    for end in range(len(data)):
        with pytest.raises(CodecError):
            parse_payloads(first, data[:end])


def test_the_largest_datagram_full_of_the_smallest_transforms_is_refused_at_once() -> None:
    transform = bytes.fromhex("03 00 0008 03 00 000c")
    last_transform = bytes.fromhex("00 00 0008 03 00 000c")
    proposal = bytes.fromhex("02 00 0800 01 01 00 ff") + transform * 254 + last_transform
    sa = proposal * 31
    generic = bytes(2) + (len(sa) + 4).to_bytes(2, "big")
    with pytest.raises(CodecError, match="more than 512 transforms"):
        parse_payloads(PayloadType.SA, generic + sa)
