"""The reader's bounds."""

from collections.abc import Callable
from struct import Struct

import pytest

from ike.codec.errors import CodecError
from ike.codec.reader import Reader
from ike.constants import PayloadType

TWO_SHORTS = Struct("!HH")


def test_fields_are_read_in_order() -> None:
    reader = Reader(bytes(range(10)))
    assert reader.take(2, "a") == b"\x00\x01"
    assert reader.unpack(TWO_SHORTS, "b") == (0x0203, 0x0405)
    assert reader.remaining == 4
    assert reader.rest() == b"\x06\x07\x08\x09"
    assert reader.rest() == b""


READS: dict[str, Callable[[Reader], object]] = {
    "take": lambda reader: reader.take(4, "field"),
    "unpack": lambda reader: reader.unpack(TWO_SHORTS, "field"),
    "sub": lambda reader: reader.sub(4, "field"),
}


@pytest.mark.parametrize("method", READS)
def test_nothing_is_read_beyond_the_end(method: str) -> None:
    reader = Reader(bytes(10), 2, 5)
    with pytest.raises(CodecError, match="field needs 4 octets, 3 left"):
        READS[method](reader)
    assert reader.offset == 2


def test_a_sub_reader_is_bounded_and_skipped() -> None:
    reader = Reader(bytes(range(10)), 2)
    sub = reader.sub(3, "part")
    assert reader.offset == 5
    assert sub.rest() == b"\x02\x03\x04"


def test_octets_left_over_are_an_error() -> None:
    reader = Reader(bytes(3), 1)
    with pytest.raises(CodecError, match="2 octets after the end of the structure"):
        reader.expect_end("structure")
    reader.rest()
    reader.expect_end("structure")


def test_an_error_says_where_and_in_which_payload() -> None:
    reader = Reader(bytes(40), 30, 40, PayloadType.KE)
    reader.take(2, "field")
    error = reader.error("nothing good")
    assert (error.what, error.offset, error.payload) == ("nothing good", 32, PayloadType.KE)
    assert str(error) == "KE payload, octet 32: nothing good"


def test_an_error_outside_payloads_names_the_message() -> None:
    assert str(CodecError("too short", 3)) == "message, octet 3: too short"
