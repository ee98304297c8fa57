"""The key schedule against NIST's vectors, and how the key stream is cut."""

import json
from pathlib import Path

import pytest

from ike.constants import Encr, Integ, Prf, TransformType
from ike.crypto.keys import ChildKeys, IkeKeys, child_keys, ike_keys, skeyseed, skeyseed_rekeyed
from ike.crypto.prf import prf_plus
from ike.proposal import Transform, encr

SHA1, SHA256 = json.loads((Path(__file__).parents[2] / "vectors" / "ikev2_kdf.json").read_text())["tests"]
NONCES = (bytes.fromhex(SHA256["Ni"]), bytes.fromhex(SHA256["Nr"]))
SPIS = (bytes.fromhex(SHA256["SPIi"]), bytes.fromhex(SHA256["SPIr"]))
SK_D = bytes.fromhex(SHA256["DKM"])[:32]
GCM = encr(Encr.AES_GCM_16, 256)
CBC = encr(Encr.AES_CBC, 256)
HMAC = Transform(TransformType.INTEG, Integ.HMAC_SHA2_256_128)


@pytest.mark.parametrize("vector", [SHA1, SHA256], ids=lambda v: v["prf"])
def test_skeyseed_and_the_key_stream_match_nist(vector: dict[str, str]) -> None:
    prf_id, dkm = Prf[vector["prf"]], bytes.fromhex(vector["DKM"])
    seed = skeyseed(prf_id, *NONCES, bytes.fromhex(vector["g^ir"]))
    assert seed == bytes.fromhex(vector["SKEYSEED"])
    assert prf_plus(prf_id, seed, b"".join(NONCES + SPIS), len(dkm)) == dkm


def test_skeyseed_of_a_rekeyed_ike_sa_matches_nist() -> None:
    seed = skeyseed_rekeyed(Prf.HMAC_SHA2_256, SK_D, *NONCES, bytes.fromhex(SHA256["g^ir (new)"]))
    assert seed == bytes.fromhex(SHA256["SKEYSEED(Rekey)"])


def derive(encryption: Transform, integrity: Transform | None) -> IkeKeys:
    return ike_keys(
        bytes.fromhex(SHA256["SKEYSEED"]),
        prf_id=Prf.HMAC_SHA2_256,
        encr=encryption,
        integ=integrity,
        nonces=NONCES,
        spis=SPIS,
    )


@pytest.mark.parametrize(
    ("encryption", "integrity", "lengths"),
    [(GCM, None, (32, 0, 0, 36, 36, 32, 32)), (encr(Encr.AES_CBC, 128), HMAC, (32, 32, 32, 16, 16, 32, 32))],
    ids=["AEAD with salt", "CBC and HMAC"],
)
def test_ike_keys_are_cut_in_the_order_of_the_rfc(
    encryption: Transform, integrity: Transform | None, lengths: tuple[int, ...]
) -> None:
    keys = derive(encryption, integrity)
    parts = (keys.SK_d, keys.SK_ai, keys.SK_ar, keys.SK_ei, keys.SK_er, keys.SK_pi, keys.SK_pr)
    assert tuple(map(len, parts)) == lengths
    assert b"".join(parts) == bytes.fromhex(SHA256["DKM"])[: sum(lengths)]


@pytest.mark.parametrize("pfs", [False, True], ids=["without PFS", "with PFS"])
def test_child_keys_match_nist_initiator_first(*, pfs: bool) -> None:
    keys = child_keys(
        Prf.HMAC_SHA2_256,
        SK_D,
        encr=GCM,
        integ=None,
        nonces=NONCES,
        shared=bytes.fromhex(SHA256["g^ir (new)"]) if pfs else b"",
    )
    expected = bytes.fromhex(SHA256["DKM(Child SA D-H)" if pfs else "DKM(Child SA)"])
    assert keys == ChildKeys(encr_i=expected[:36], integ_i=b"", encr_r=expected[36:72], integ_r=b"")


def test_each_direction_of_a_child_sa_takes_encryption_before_integrity() -> None:
    stream = bytes.fromhex(SHA256["DKM(Child SA)"])
    keys = child_keys(Prf.HMAC_SHA2_256, SK_D, encr=CBC, integ=HMAC, nonces=NONCES)
    assert (keys.encr_i, keys.integ_i) == (stream[:32], stream[32:64])
    assert (keys.encr_r, keys.integ_r) == (stream[64:96], stream[96:128])


def test_esp_null_has_an_integrity_key_only() -> None:
    stream = bytes.fromhex(SHA256["DKM(Child SA)"])
    keys = child_keys(Prf.HMAC_SHA2_256, SK_D, encr=encr(Encr.NULL), integ=HMAC, nonces=NONCES)
    assert keys == ChildKeys(encr_i=b"", integ_i=stream[:32], encr_r=b"", integ_r=stream[32:64])


def test_repr_shows_no_key() -> None:
    assert repr(derive(GCM, None)) == "IkeKeys()"
    assert repr(child_keys(Prf.HMAC_SHA2_256, SK_D, encr=GCM, integ=None, nonces=NONCES)) == "ChildKeys()"
