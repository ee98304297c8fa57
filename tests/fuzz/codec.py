"""Fuzzes the codec: any octets give a message or a ``CodecError``, and a message survives building.

The input is an IKE message. It is read as it is, with the length field of its header put right, and its
octets behind the header once more as the inside of an SK payload.
"""

import json
import random
from dataclasses import replace

from ike.codec import (
    CodecError,
    Message,
    build_message,
    build_payloads,
    parse_header,
    parse_message,
    parse_payloads,
)
from ike.constants import HEADER_LENGTH
from tests.fuzz.harness import Harness
from tests.fuzz.records import Mutate, changed_chain
from tests.fuzz.seeds import messages

_NEXT_PAYLOAD = 16
_LENGTH = slice(24, 28)


def check(data: bytes) -> None:
    """One input."""
    try:
        header = parse_header(data)
    except CodecError:
        assert len(data) < HEADER_LENGTH
        return
    assert replace(header).build() == data[:HEADER_LENGTH]
    _check_message(data)
    _check_message(_with_length(data))
    _check_chain(data[_NEXT_PAYLOAD], data[HEADER_LENGTH:])


def _with_length(data: bytes) -> bytes:
    return data[: _LENGTH.start] + len(data).to_bytes(4, "big") + data[_LENGTH.stop :]


def _check_message(data: bytes) -> None:
    try:
        message = parse_message(data)
    except CodecError:
        return
    json.dumps(message.describe())
    rebuilt = build_message(message.header, message.payloads)
    again = parse_message(rebuilt)
    assert again.payloads == message.payloads
    assert rebuilt == build_message(again.header, again.payloads)
    # What is not kept is only what RFC 7296 says to ignore: reserved bits and octets.
    assert len(rebuilt) == len(data)


def _check_chain(first: int, chain: bytes) -> None:
    try:
        payloads = parse_payloads(first, chain)
    except CodecError:
        return
    kind, rebuilt = build_payloads(payloads)
    assert kind == first
    assert parse_payloads(kind, rebuilt) == payloads
    json.dumps(Message(parse_header(bytes(HEADER_LENGTH)), payloads).describe())


def mutate(data: bytes, most: int, seed: int, blind: Mutate) -> bytes:
    """Change a payload as a whole, or octets."""
    choice = random.Random(seed)
    if len(data) <= HEADER_LENGTH or choice.randrange(3) == 0:
        return _with_length(blind(data, most)) if len(data) > HEADER_LENGTH else blind(data, most)
    chain = changed_chain(data[_NEXT_PAYLOAD : _NEXT_PAYLOAD + 1] + data[HEADER_LENGTH:], choice, blind)
    head = data[:_NEXT_PAYLOAD] + chain[:1] + data[_NEXT_PAYLOAD + 1 : HEADER_LENGTH]
    return _with_length((head + chain[1:])[:most])


HARNESS = Harness(name="codec", check=check, seeds=messages, mutate=mutate)
