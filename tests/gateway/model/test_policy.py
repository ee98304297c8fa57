"""From a link's IPsec/IKE policy to the suites on the wire."""

import pytest

from gateway.model.enums import DhGroupName, IkeEncryption, IkeIntegrity, PfsGroup
from gateway.model.policy import IkePolicy, policy
from gateway.model.resources import TunnelIkeV2Custom, TunnelIkeV2Default
from ike.constants import DhGroup, ProtocolId
from tests.gateway.model.conftest import CUSTOM

DEFAULT = policy(TunnelIkeV2Default())


def custom(**members: object) -> IkePolicy:
    return policy(TunnelIkeV2Custom.model_validate(CUSTOM | members))


def test_the_default_policy_has_the_eight_documented_phase_1_combinations() -> None:
    assert [(suite.name.removeprefix("default phase 1 "), suite.text) for suite in DEFAULT.ike_suites] == [
        ("combination 1", "AES_GCM_16-256 / HMAC_SHA2_384 / MODP_2048_256"),
        ("combination 2", "AES_GCM_16-128 / HMAC_SHA2_256 / MODP_2048_256"),
        ("combination 3", "AES_CBC-256 / HMAC_SHA2_384 / HMAC_SHA2_384_192 / MODP_2048_256"),
        ("combination 4", "AES_CBC-128 / HMAC_SHA2_256 / HMAC_SHA2_256_128 / MODP_2048_256"),
        ("combination 5", "AES_GCM_16-256 / HMAC_SHA2_384 / MODP_2048"),
        ("combination 6", "AES_GCM_16-128 / HMAC_SHA2_256 / MODP_2048"),
        ("combination 7", "AES_CBC-256 / HMAC_SHA2_384 / HMAC_SHA2_384_192 / MODP_2048"),
        ("combination 8", "AES_CBC-128 / HMAC_SHA2_256 / HMAC_SHA2_256_128 / MODP_2048"),
    ]
    assert {suite.protocol for suite in DEFAULT.ike_suites} == {ProtocolId.IKE}


def test_the_default_policy_has_the_three_documented_phase_2_combinations() -> None:
    assert [(suite.name.removeprefix("default phase 2 "), suite.text) for suite in DEFAULT.esp_suites] == [
        ("combination 1", "AES_GCM_16-256 / NO_ESN|ESN"),
        ("combination 2", "AES_GCM_16-192 / NO_ESN|ESN"),
        ("combination 3", "AES_GCM_16-128 / NO_ESN|ESN"),
    ]
    assert {suite.protocol for suite in DEFAULT.esp_suites} == {ProtocolId.ESP}


def test_the_default_policy_has_no_pfs_and_no_lifetime() -> None:
    assert DEFAULT.pfs_groups == ()
    assert not DEFAULT.pfs_same_as_ike
    assert DEFAULT.child_lifetime is None


def test_the_legacy_switch_adds_the_fifth_combination_of_the_preview() -> None:
    legacy = policy(TunnelIkeV2Default(), legacy=True)
    assert legacy.ike_suites[:8] == DEFAULT.ike_suites
    [added] = legacy.ike_suites[8:]
    assert added.text == "AES_CBC-256 / HMAC_SHA2_256 / HMAC_SHA2_256_128 / MODP_1024"


def test_a_custom_policy_has_one_suite_for_each_phase() -> None:
    found = custom()
    assert [suite.text for suite in found.ike_suites] == ["AES_GCM_16-256 / HMAC_SHA2_384 / ECP_384"]
    assert [suite.text for suite in found.esp_suites] == ["AES_GCM_16-256 / NO_ESN|ESN"]
    assert found.child_lifetime == 3600


@pytest.mark.parametrize("bits", [128, 192, 256])
@pytest.mark.parametrize("hash_bits", [256, 384])
def test_aes_cbc_takes_integrity_and_prf_from_the_hash(bits: int, hash_bits: int) -> None:
    [suite] = custom(ikeEncryption=f"aes{bits}", ikeIntegrity=f"sha{hash_bits}").ike_suites
    integrity = f"HMAC_SHA2_{hash_bits}_{hash_bits // 2}"
    assert suite.text == f"AES_CBC-{bits} / HMAC_SHA2_{hash_bits} / {integrity} / ECP_384"


@pytest.mark.parametrize("bits", [128, 256])
@pytest.mark.parametrize("hash_bits", [256, 384])
def test_aes_gcm_takes_the_prf_from_the_hash(bits: int, hash_bits: int) -> None:
    [suite] = custom(ikeEncryption=f"gcmAes{bits}", ikeIntegrity=f"sha{hash_bits}").ike_suites
    assert suite.text == f"AES_GCM_16-{bits} / HMAC_SHA2_{hash_bits} / ECP_384"


@pytest.mark.parametrize("integrity", ["gcmAes128", "gcmAes256"])
def test_aes_gcm_with_a_gcm_integrity_takes_either_prf(integrity: str) -> None:
    [suite] = custom(ikeIntegrity=integrity).ike_suites
    assert suite.text == "AES_GCM_16-256 / HMAC_SHA2_384|HMAC_SHA2_256 / ECP_384"


@pytest.mark.parametrize("bits", [128, 192, 256])
@pytest.mark.parametrize("integrity", ["gcmAes128", "gcmAes256"])
def test_aes_cbc_with_a_gcm_integrity_matches_nothing(bits: int, integrity: str) -> None:
    assert custom(ikeEncryption=f"aes{bits}", ikeIntegrity=integrity).ike_suites == ()


def test_every_other_phase_1_mix_has_a_suite() -> None:
    mixes = [(e, i) for e in IkeEncryption for i in IkeIntegrity]
    without = [(e, i) for e, i in mixes if not custom(ikeEncryption=e, ikeIntegrity=i).ike_suites]
    assert all(not e.startswith("gcm") and i.startswith("gcm") for e, i in without)


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("dhGroup14", DhGroup.MODP_2048),
        ("dhGroup2048", DhGroup.MODP_2048),
        ("dhGroup24", DhGroup.MODP_2048_256),
        ("ecp256", DhGroup.ECP_256),
        ("ecp384", DhGroup.ECP_384),
    ],
)
def test_every_dh_group_has_its_iana_number(name: DhGroupName, group: DhGroup) -> None:
    [suite] = custom(dhGroup=name).ike_suites
    assert suite.text.endswith(f" / {group.name}")


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("none", ()),
        ("pfs1", (DhGroup.MODP_768,)),
        ("pfs2", (DhGroup.MODP_1024,)),
        ("pfs14", (DhGroup.MODP_2048,)),
        ("pfs2048", (DhGroup.MODP_2048,)),
        ("pfs24", (DhGroup.MODP_2048_256,)),
        ("ecp256", (DhGroup.ECP_256,)),
        ("ecp384", (DhGroup.ECP_384,)),
        ("pfsmm", ()),
    ],
)
def test_every_pfs_group_has_its_iana_number(name: PfsGroup, groups: tuple[DhGroup, ...]) -> None:
    found = custom(pfsGroup=name)
    assert found.pfs_groups == groups
    assert found.pfs_same_as_ike == (name == "pfsmm")


def test_esp_without_encryption_has_hmac_sha2_256() -> None:
    [suite] = custom(ipSecEncryption="none", ipSecIntegrity="sha256").esp_suites
    assert suite.text == "NULL / HMAC_SHA2_256_128 / NO_ESN|ESN"


@pytest.mark.parametrize("bits", [128, 192, 256])
def test_esp_with_aes_gcm_has_a_16_octet_icv(bits: int) -> None:
    name = f"gcmAes{bits}"
    [suite] = custom(ipSecEncryption=name, ipSecIntegrity=name).esp_suites
    assert suite.text == f"AES_GCM_16-{bits} / NO_ESN|ESN"
