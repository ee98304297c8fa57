"""Nonce payload (RFC 7296 section 3.9)."""

import pytest

from ike.codec import CodecError, NoncePayload
from ike.codec.reader import Reader


@pytest.mark.parametrize("size", [16, 32, 256])
def test_16_to_256_octets(size: int) -> None:
    assert NoncePayload.parse(Reader(bytes(size))) == NoncePayload(bytes(size))


@pytest.mark.parametrize("size", [0, 15, 257])
def test_other_sizes_are_refused(size: int) -> None:
    with pytest.raises(CodecError, match=f"nonce of {size} octets, expected 16 to 256"):
        NoncePayload.parse(Reader(bytes(size)))


def test_description() -> None:
    assert NoncePayload(bytes(16)).describe() == {"payload": "NONCE", "nonce": "00" * 16}
