"""PRFs and prf+ against published vectors and an independent implementation."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ike.constants import Prf
from ike.crypto.prf import SUPPORTED_PRFS, prf, prf_key_length, prf_plus

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "prf_hmac_sha2.json").read_text())["tests"]


@pytest.mark.parametrize("prf_id", [Prf.HMAC_SHA2_256, Prf.HMAC_SHA2_384, Prf.HMAC_SHA2_512])
@pytest.mark.parametrize("vector", VECTORS, ids=["20-octet key", "short key", "key longer than a block"])
def test_hmac_sha2_matches_rfc_4231(vector: dict[str, str], prf_id: Prf) -> None:
    output = prf(prf_id, bytes.fromhex(vector["key"]), bytes.fromhex(vector["data"]))
    assert output == bytes.fromhex(vector[prf_id.name])


@pytest.mark.parametrize("prf_id", sorted(SUPPORTED_PRFS))
def test_preferred_key_length_is_the_output_length(prf_id: Prf) -> None:
    assert prf_key_length(prf_id) == len(prf(prf_id, b"key", b"data"))


@given(
    prf_id=st.sampled_from(sorted(SUPPORTED_PRFS)),
    key=st.binary(min_size=1, max_size=200),
    seed=st.binary(max_size=100),
    length=st.integers(1, 600),
)
def test_prf_plus_feeds_each_block_with_the_one_before(
    prf_id: Prf, key: bytes, seed: bytes, length: int
) -> None:
    """RFC 7296 section 2.13: T1 = prf(K, S | 0x01), Tn = prf(K, Tn-1 | S | n)."""
    stream, block = b"", b""
    for number in range(1, 256):
        block = prf(prf_id, key, block + seed + bytes([number]))
        stream += block
        if len(stream) >= length:
            break
    assert prf_plus(prf_id, key, seed, length) == stream[:length]


def test_prf_plus_ends_after_255_blocks() -> None:
    assert len(prf_plus(Prf.HMAC_SHA2_256, b"key", b"seed", 255 * 32)) == 255 * 32
    with pytest.raises(ValueError, match="8161 octets: at most 8160"):
        prf_plus(Prf.HMAC_SHA2_256, b"key", b"seed", 255 * 32 + 1)
