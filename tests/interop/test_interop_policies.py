"""Every combination of the default policy, and every member of the custom policy's enums, with strongSwan."""

from typing import Any

import pytest

from gateway.lab.lab import Lab
from gateway.lab.runner import run_scenario
from gateway.lab.scenario import load
from tests.interop.cpe_drills import ping_while, reconnect

pytestmark = pytest.mark.interop

DEFAULT_IKE = {
    "aes256gcm16-prfsha384-modp2048s256": "AES_GCM_16-256 / PRF_HMAC_SHA2_384 / MODP_2048_256",
    "aes128gcm16-prfsha256-modp2048s256": "AES_GCM_16-128 / PRF_HMAC_SHA2_256 / MODP_2048_256",
    "aes256-sha384-modp2048s256": "AES_CBC-256 / HMAC_SHA2_384_192 / PRF_HMAC_SHA2_384 / MODP_2048_256",
    "aes128-sha256-modp2048s256": "AES_CBC-128 / HMAC_SHA2_256_128 / PRF_HMAC_SHA2_256 / MODP_2048_256",
    "aes256gcm16-prfsha384-modp2048": "AES_GCM_16-256 / PRF_HMAC_SHA2_384 / MODP_2048",
    "aes128gcm16-prfsha256-modp2048": "AES_GCM_16-128 / PRF_HMAC_SHA2_256 / MODP_2048",
    "aes256-sha384-modp2048": "AES_CBC-256 / HMAC_SHA2_384_192 / PRF_HMAC_SHA2_384 / MODP_2048",
    "aes128-sha256-modp2048": "AES_CBC-128 / HMAC_SHA2_256_128 / PRF_HMAC_SHA2_256 / MODP_2048",
}
"""strongSwan's notation of the eight phase 1 combinations, and what swanctl then reports."""
DEFAULT_ESP = {
    "aes256gcm16": "AES_GCM_16-256",
    "aes192gcm16": "AES_GCM_16-192",
    "aes128gcm16": "AES_GCM_16-128",
}

ONE_PING = [{"from": "host", "ping": "52.96.0.1"}]


@pytest.mark.timeout(300)
def test_all_24_default_combinations_establish_and_carry_traffic_without_a_finding() -> None:
    async def every_combination(lab: Lab) -> list[dict[str, Any]]:
        return [
            await reconnect(lab, ike=ike, esp=esp) | {"found": sorted(lab.found())}
            for ike in DEFAULT_IKE
            for esp in DEFAULT_ESP
        ]

    run = run_scenario(load("basic", {"traffic": ONE_PING}), during=every_combination)
    assert run.report.problems == []
    expected = [(ike, esp) for ike in DEFAULT_IKE.values() for esp in DEFAULT_ESP.values()]
    assert [(result["ike"], result["esp"]) for result in run.extra] == expected
    assert [result["output"] for result in run.extra if result["ping"] != 0] == []
    assert [result["found"] for result in run.extra if result["found"]] == []


CUSTOM = [
    # ikeEncryption, ikeIntegrity, dhGroup, ipSecEncryption, ipSecIntegrity, pfsGroup; CPE: ike, esp
    ("aes128 sha256 dhGroup14 none sha256 pfs14", "aes128-sha256-modp2048", "null-sha256-modp2048"),
    (
        "aes192 sha256 dhGroup24 gcmAes128 gcmAes128 pfs24",
        "aes192-sha256-modp2048s256",
        "aes128gcm16-modp2048s256",
    ),
    ("aes256 sha384 ecp256 gcmAes192 gcmAes192 ecp256", "aes256-sha384-ecp256", "aes192gcm16-ecp256"),
    (
        "gcmAes128 sha256 ecp384 gcmAes256 gcmAes256 ecp384",
        "aes128gcm16-prfsha256-ecp384",
        "aes256gcm16-ecp384",
    ),
    (
        "gcmAes256 gcmAes256 dhGroup2048 gcmAes256 gcmAes256 pfs2048",
        "aes256gcm16-prfsha384-modp2048",
        "aes256gcm16-modp2048",
    ),
    (
        "gcmAes128 gcmAes128 dhGroup14 gcmAes128 gcmAes128 none",
        "aes128gcm16-prfsha256-modp2048",
        "aes128gcm16",
    ),
    ("aes256 sha256 dhGroup14 gcmAes256 gcmAes256 pfs1", "aes256-sha256-modp2048", "aes256gcm16-modp768"),
    ("aes128 sha384 dhGroup14 gcmAes256 gcmAes256 pfs2", "aes128-sha384-modp2048", "aes256gcm16-modp1024"),
    (
        "gcmAes256 sha384 ecp384 gcmAes256 gcmAes256 pfsmm",
        "aes256gcm16-prfsha384-ecp384",
        "aes256gcm16-ecp384",
    ),
]
FIELDS = ("ikeEncryption", "ikeIntegrity", "dhGroup", "ipSecEncryption", "ipSecIntegrity", "pfsGroup")
CONFIGURATION = "lab.remoteNetworks.0.deviceLinks.0.tunnelConfiguration"


@pytest.mark.parametrize(("policy", "ike", "esp"), CUSTOM, ids=[row[0] for row in CUSTOM])
def test_custom_policy_establishes_carries_traffic_and_rekeys_with_its_pfs_group(
    policy: str, ike: str, esp: str
) -> None:
    configuration = {
        "@odata.type": "#microsoft.graph.networkaccess.tunnelConfigurationIKEv2Custom",
        "preSharedKey": "a-long-shared-secret",
        "saLifeTimeSeconds": 300,
        **dict(zip(FIELDS, policy.split(), strict=True)),
    }

    async def rekey(lab: Lab) -> dict[str, Any]:
        done = await ping_while(lab, [["--rekey", "--child", "gsa"]], count=60)
        sas = await lab.cpes[0].sas(lab.cpes[0].tunnels[0])
        live = [child for child in sas[0].children if child.state == "INSTALLED"]
        return {**done, "suites": [child.suite for child in live]}

    cpe = {"ike": ike, "esp": esp}
    scenario = load("basic", {"traffic": ONE_PING, CONFIGURATION: configuration, "cpe": cpe})
    run = run_scenario(scenario, during=rekey)
    assert run.report.problems == []
    assert run.extra["outcomes"] == [0]
    assert " 0% packet loss" in run.extra["ping"]
    (suite,) = run.extra["suites"]
    assert ("/ " in suite) is (policy.rsplit(maxsplit=1)[-1] != "none" or "NULL" in suite), suite
