"""Which transforms are implemented: everything else is "no", never an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ike.constants import DhGroup, Encr, Esn, Integ, Prf, ProtocolId, TransformType
from ike.crypto.transforms import encr_key_length, integ_key_length, supported
from ike.proposal import Transform, encr

T = TransformType


@pytest.mark.parametrize(
    "transform",
    [
        *(encr(Encr.AES_GCM_16, bits) for bits in (128, 192, 256)),
        *(encr(Encr.AES_CBC, bits) for bits in (128, 192, 256)),
        *(
            Transform(T.PRF, i)
            for i in (Prf.HMAC_SHA1, Prf.HMAC_SHA2_256, Prf.HMAC_SHA2_384, Prf.HMAC_SHA2_512)
        ),
        *(Transform(T.INTEG, i) for i in (0, 2, 12, 13, 14)),
        *(Transform(T.DH, i) for i in (0, 1, 2, 5, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 31)),
    ],
    ids=lambda t: t.name,
)
def test_implemented_for_ike(transform: Transform) -> None:
    assert supported(transform)
    assert supported(transform, ProtocolId.IKE)


@pytest.mark.parametrize(
    "transform",
    [
        *(encr(Encr.AES_GCM_16, bits) for bits in (128, 192, 256)),
        encr(Encr.NULL),
        Transform(T.INTEG, Integ.NONE),
        Transform(T.INTEG, Integ.HMAC_SHA2_256_128),
        Transform(T.DH, DhGroup.MODP_2048),
        Transform(T.ESN, Esn.NO_ESN),
        Transform(T.ESN, Esn.ESN),
    ],
    ids=lambda t: t.name,
)
def test_implemented_for_esp(transform: Transform) -> None:
    assert supported(transform)
    assert supported(transform, ProtocolId.ESP)


@pytest.mark.parametrize(
    "transform",
    [
        encr(Encr.AES_GCM_16),
        encr(Encr.AES_GCM_16, 512),
        encr(Encr.AES_CBC, 0),
        encr(Encr.NULL, 128),
        encr(Encr.TRIPLE_DES),
        encr(Encr.CHACHA20_POLY1305),
        Transform(T.PRF, Prf.HMAC_SHA2_256, 256),
        Transform(T.PRF, Prf.HMAC_MD5),
        Transform(T.INTEG, Integ.HMAC_MD5_96),
        Transform(T.DH, DhGroup.CURVE448),
        Transform(T.DH, 1031),
        Transform(T.ESN, 2),
        Transform(T.ENCR, Encr.AES_GCM_16, 256, ((99, b"\0\1"),)),
        Transform(6, 35),
    ],
    ids=lambda t: t.name,
)
def test_not_implemented(transform: Transform) -> None:
    assert not supported(transform)


def test_esp_has_no_aes_cbc_and_ike_no_null() -> None:
    assert not supported(encr(Encr.AES_CBC, 256), ProtocolId.ESP)
    assert not supported(encr(Encr.NULL), ProtocolId.IKE)
    assert not supported(encr(Encr.AES_GCM_16, 256), ProtocolId.AH)


@given(
    st.builds(
        Transform, st.integers(0, 255), st.integers(0, 65535), st.none() | st.integers(0, 65535), st.just(())
    ),
    st.sampled_from([None, *ProtocolId]),
)
def test_any_transform_gets_an_answer(transform: Transform, protocol: ProtocolId | None) -> None:
    assert supported(transform, protocol) in (True, False)


def test_key_lengths_count_the_salt_of_gcm() -> None:
    assert [encr_key_length(encr(Encr.AES_GCM_16, bits)) for bits in (128, 192, 256)] == [20, 28, 36]
    assert [encr_key_length(encr(Encr.AES_CBC, bits)) for bits in (128, 192, 256)] == [16, 24, 32]
    assert encr_key_length(encr(Encr.NULL)) == 0


def test_integrity_keys_are_as_long_as_the_hash() -> None:
    assert [integ_key_length(Transform(T.INTEG, i)) for i in (0, 2, 12, 13, 14)] == [0, 20, 32, 48, 64]
    assert integ_key_length(None) == 0
