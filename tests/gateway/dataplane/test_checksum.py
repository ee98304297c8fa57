"""RFC 1071."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.dataplane.checksum import checksum_of, word_sum
from tests.gateway.dataplane.packets import naive_checksum


def test_the_example_of_rfc_1071_section_3() -> None:
    assert word_sum(bytes.fromhex("0001f203f4f5f6f7")) == 0xDDF2


@given(st.binary(max_size=3000))
def test_the_checksum_agrees_with_a_sum_word_by_word_for_any_content_and_length(data: bytes) -> None:
    assert checksum_of(word_sum(data)) % 0xFFFF == naive_checksum(data) % 0xFFFF


def test_the_checksum_field_is_never_zero() -> None:
    assert checksum_of(word_sum(b"\xff\xff")) == 0xFFFF
    assert checksum_of(word_sum(b"")) == 0xFFFF
