"""SK payload protection: published ciphertexts, independent ICVs, and everything that must not open."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ike.constants import Encr, Integ, TransformType
from ike.crypto.protection import IntegrityError, Protection
from ike.proposal import Transform, encr

VECTORS = Path(__file__).parents[2] / "vectors"
CBC = json.loads((VECTORS / "aes_cbc.json").read_text())["tests"]
GCM = json.loads((VECTORS / "wycheproof_aes_gcm.json").read_text())["tests"]
MACS = {
    Integ.HMAC_SHA1_96: (hashlib.sha1, 20, 12),
    Integ.HMAC_SHA2_256_128: (hashlib.sha256, 32, 16),
    Integ.HMAC_SHA2_384_192: (hashlib.sha384, 48, 24),
    Integ.HMAC_SHA2_512_256: (hashlib.sha512, 64, 32),
}


def integ(algorithm: Integ) -> Transform:
    return Transform(TransformType.INTEG, algorithm)


def gcm(bits: int = 256) -> Protection:
    return Protection(encr(Encr.AES_GCM_16, bits), None, bytes(range(bits // 8 + 4)), b"")


def cbc(algorithm: Integ, key: bytes = bytes(32)) -> Protection:
    mac_key = bytes(range(MACS[algorithm][1]))
    return Protection(encr(Encr.AES_CBC, len(key) * 8), integ(algorithm), key, mac_key)


@pytest.mark.parametrize("algorithm", sorted(MACS))
@pytest.mark.parametrize("vector", CBC, ids=lambda v: f"AES-{len(v['key']) * 4}")
def test_cbc_ciphertext_is_the_published_one_and_the_icv_covers_aad_iv_and_ciphertext(
    vector: dict[str, str], algorithm: Integ
) -> None:
    hash_function, key_length, icv_length = MACS[algorithm]
    iv, plaintext = bytes.fromhex(vector["iv"]), bytes.fromhex(vector["plaintext"])
    protection = cbc(algorithm, bytes.fromhex(vector["key"]))
    expected = bytes.fromhex(vector["ciphertext"])
    icv = hmac.new(bytes(range(key_length)), b"header" + iv + expected, hash_function).digest()[:icv_length]
    assert protection.icv_length == icv_length
    assert protection.seal(iv, b"header", plaintext) == expected + icv
    assert protection.open(iv, b"header", expected, icv) == plaintext


@pytest.mark.parametrize("vector", GCM, ids=lambda v: f"{v['tcId']} {v['comment']}")
def test_gcm_opens_what_wycheproof_calls_valid_and_nothing_else(vector: dict[str, Any]) -> None:
    key, nonce, aad, message, ciphertext, tag = (
        bytes.fromhex(vector[name]) for name in ("key", "iv", "aad", "msg", "ct", "tag")
    )
    protection = Protection(encr(Encr.AES_GCM_16, len(key) * 8), None, key + nonce[:4], b"")
    if vector["result"] == "valid":
        assert protection.open(nonce[4:], aad, ciphertext, tag) == message
        assert protection.seal(nonce[4:], aad, message) == ciphertext + tag
    else:
        with pytest.raises(IntegrityError, match="ICV is wrong"):
            protection.open(nonce[4:], aad, ciphertext, tag)


def test_lengths_are_those_of_the_rfcs() -> None:
    aead = gcm()
    assert (aead.iv_length, aead.icv_length, aead.block_length) == (8, 16, 1)
    for algorithm, (_, _, icv_length) in MACS.items():
        protection = cbc(algorithm)
        assert (protection.iv_length, protection.icv_length, protection.block_length) == (16, icv_length, 16)


@pytest.mark.parametrize("protection", [gcm(128), gcm(192), gcm(256), *map(cbc, sorted(MACS))])
@given(aad=st.binary(max_size=40), blocks=st.binary(max_size=6), data=st.data())
def test_any_changed_bit_is_noticed(
    protection: Protection, aad: bytes, blocks: bytes, data: st.DataObject
) -> None:
    iv, plaintext = bytes(range(protection.iv_length)), blocks * 16
    sealed = protection.seal(iv, aad, plaintext)
    message = bytearray(aad + iv + sealed)
    bit = data.draw(st.integers(0, len(message) * 8 - 1))
    assert protection.open(iv, aad, sealed[: len(plaintext)], sealed[len(plaintext) :]) == plaintext
    message[bit // 8] ^= 1 << bit % 8
    iv_end = len(aad) + len(iv)
    text_end = iv_end + len(plaintext)
    with pytest.raises(IntegrityError):
        protection.open(
            bytes(message[len(aad) : iv_end]),
            bytes(message[: len(aad)]),
            bytes(message[iv_end:text_end]),
            bytes(message[text_end:]),
        )


@pytest.mark.parametrize("protection", [gcm(), cbc(Integ.HMAC_SHA2_256_128)], ids=["gcm", "cbc"])
def test_a_truncated_icv_is_refused_however_right_its_octets(protection: Protection) -> None:
    iv = bytes(protection.iv_length)
    sealed = protection.seal(iv, b"", bytes(16))
    for length in range(protection.icv_length):
        with pytest.raises(IntegrityError, match=rf"ICV of {length} octets"):
            protection.open(iv, b"", sealed[:16], sealed[16 : 16 + length])


@pytest.mark.parametrize("protection", [gcm(), cbc(Integ.HMAC_SHA2_256_128)], ids=["gcm", "cbc"])
def test_an_iv_of_another_length_is_refused(protection: Protection) -> None:
    with pytest.raises(IntegrityError, match="IV of 7"):
        protection.open(bytes(7), b"", bytes(16), bytes(protection.icv_length))


def test_cbc_refuses_a_ciphertext_that_is_no_multiple_of_the_block() -> None:
    with pytest.raises(IntegrityError, match="15 octets is no multiple of 16"):
        cbc(Integ.HMAC_SHA2_256_128).open(bytes(16), b"", bytes(15), bytes(16))


@pytest.mark.parametrize(
    ("encryption", "integrity"),
    [
        (encr(Encr.AES_GCM_16, 256), integ(Integ.HMAC_SHA2_256_128)),
        (encr(Encr.AES_CBC, 256), None),
        (encr(Encr.AES_CBC, 256), integ(Integ.NONE)),
        (encr(Encr.NULL), integ(Integ.HMAC_SHA2_256_128)),
        (encr(Encr.TRIPLE_DES), integ(Integ.HMAC_SHA1_96)),
        (encr(Encr.AES_CBC, 128), integ(Integ.HMAC_MD5_96)),
    ],
)
def test_combinations_that_protect_no_ike_sa_are_refused(
    encryption: Transform, integrity: Transform | None
) -> None:
    with pytest.raises(ValueError, match="cannot protect an IKE SA"):
        Protection(encryption, integrity, bytes(32), bytes(32))


def test_an_aead_key_counts_its_salt() -> None:
    with pytest.raises(ValueError, match=r"keys of 32 and 0 octets, 36 and 0 expected"):
        Protection(encr(Encr.AES_GCM_16, 256), None, bytes(32), b"")
