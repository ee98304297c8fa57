"""parse(build(x)) == x, for every payload and for whole messages."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ike.codec import (
    Header,
    Payload,
    build_message,
    build_payloads,
    parse_header,
    parse_message,
    parse_payloads,
)
from tests.ike.codec.strategies import PAYLOADS, PROPERTY, chains, encrypted, fragments, headers, outer_chains


@pytest.mark.parametrize("kind", PAYLOADS)
@PROPERTY
@given(choose=st.data())
def test_parsing_a_built_payload_gives_the_payload(kind: str, choose: st.DataObject) -> None:
    payload = choose.draw(PAYLOADS[kind])
    assert parse_payloads(*build_payloads([payload])) == (payload,)


@PROPERTY
@given(headers, encrypted | fragments)
def test_parsing_a_built_encrypted_payload_gives_the_payload(header: Header, payload: Payload) -> None:
    assert parse_message(build_message(header, [payload])).payloads == (payload,)


@PROPERTY
@given(chains)
def test_parsing_a_built_inner_chain_gives_its_payloads(payloads: tuple[Payload, ...]) -> None:
    assert parse_payloads(*build_payloads(payloads)) == payloads


@PROPERTY
@given(headers, outer_chains)
def test_parsing_a_built_message_gives_the_message(header: Header, payloads: tuple[Payload, ...]) -> None:
    data = build_message(header, payloads)
    message = parse_message(data)
    first = payloads[0].type if payloads else 0
    assert message.header == replace(header, next_payload=first, length=len(data))
    assert message.payloads == payloads


@PROPERTY
@given(headers, outer_chains)
def test_building_a_parsed_message_gives_the_same_octets(
    header: Header, payloads: tuple[Payload, ...]
) -> None:
    data = build_message(header, payloads)
    message = parse_message(data)
    assert build_message(message.header, message.payloads) == data


@PROPERTY
@given(headers)
def test_parsing_a_built_header_gives_the_header(header: Header) -> None:
    assert parse_header(header.build()) == header


@PROPERTY
@given(headers, outer_chains)
def test_every_message_is_described_in_json(header: Header, payloads: tuple[Payload, ...]) -> None:
    description = parse_message(build_message(header, payloads)).describe()
    assert json.loads(json.dumps(description)) == description
