"""Transforms in the words of strongSwan and of Microsoft Graph."""

import pytest

from gateway.diagnosis.notation import Names, graph_esp, graph_ike, strongswan


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (
            {"ENCR": ("AES_GCM_16-256",), "PRF": ("HMAC_SHA2_384",), "DH": ("MODP_2048",)},
            "aes256gcm16-prfsha384-modp2048",
        ),
        (
            {
                "ENCR": ("AES_CBC-128",),
                "PRF": ("HMAC_SHA2_256",),
                "INTEG": ("HMAC_SHA2_256_128",),
                "DH": ("MODP_2048_256",),
            },
            "aes128-sha256-modp2048s256",
        ),
        ({"ENCR": ("AES_GCM_16-192",), "ESN": ("NO_ESN", "ESN")}, "aes192gcm16"),
        ({"ENCR": ("NULL",), "INTEG": ("HMAC_SHA2_256_128",), "ESN": ("NO_ESN",)}, "null-sha256"),
    ],
)
def test_strongswan_writes_aead_with_its_prf_and_others_with_their_integrity(
    names: Names, words: str
) -> None:
    assert strongswan(names) == words


def test_a_custom_phase_1_policy_takes_any_mix() -> None:
    names = {
        "ENCR": ("AES_CBC-192",),
        "PRF": ("HMAC_SHA2_256",),
        "INTEG": ("HMAC_SHA2_256_128",),
        "DH": ("ECP_256",),
    }
    assert graph_ike(names) == "ikeEncryption aes192, ikeIntegrity sha256, dhGroup ecp256"


@pytest.mark.parametrize(
    "change",
    [
        {"ENCR": ("TRIPLE_DES-192",)},
        {"PRF": ("HMAC_SHA1",)},
        {"INTEG": ("HMAC_SHA1_96",)},
        {"INTEG": ()},
        {"DH": ("MODP_1024",)},
    ],
)
def test_what_no_custom_phase_1_policy_has_is_none(change: Names) -> None:
    names = {
        "ENCR": ("AES_CBC-256",),
        "PRF": ("HMAC_SHA2_256",),
        "INTEG": ("HMAC_SHA2_256_128",),
        "DH": ("MODP_2048",),
    }
    assert graph_ike({**names, **change}) is None


def test_a_custom_phase_2_policy_has_gcm_or_no_encryption() -> None:
    assert graph_esp({"ENCR": ("AES_GCM_16-192",)}) == "ipSecEncryption gcmAes192, ipSecIntegrity gcmAes192"
    assert graph_esp({"ENCR": ("AES_CBC-256",), "INTEG": ("HMAC_SHA2_256_128",)}) is None
