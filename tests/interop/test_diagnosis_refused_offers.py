"""What is found of proposals that strongSwan cannot be made to send, from an independent CPE."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.diagnosis import diagnose, facts_from
from tests.interop.independent import groups
from tests.interop.independent.deviation import Deviation, instead
from tests.interop.independent.payloads import AES_GCM_16, DH, ENCR, ESP, INTEG, PRF, proposal, sa, transform
from tests.interop.independent.world import World, tunnel_of, world

pytestmark = pytest.mark.interop

AES_CBC, HMAC_SHA2_256_128, HMAC_SHA2_384_192, PRF_HMAC_SHA2_384 = 12, 12, 13, 6
ESN, NO_ESN = 5, 0
GROUP = transform(DH, groups.MODP_2048)
SHA384 = transform(PRF, PRF_HMAC_SHA2_384)
NO_ESN_TRANSFORM = transform(ESN, NO_ESN)

IN_INIT = {
    "AES-GCM with an integrity algorithm instead of a PRF": (
        "GSA-IKE-018",
        [transform(ENCR, AES_GCM_16, 256), transform(INTEG, HMAC_SHA2_384_192), GROUP],
    ),
    "AES-GCM with an integrity algorithm beside the PRF": (
        "GSA-IKE-018",
        [transform(ENCR, AES_GCM_16, 256), transform(INTEG, HMAC_SHA2_384_192), SHA384, GROUP],
    ),
    "AES-GCM without a key length": ("GSA-IKE-017", [transform(ENCR, AES_GCM_16), SHA384, GROUP]),
    "AES-CBC without a key length": (
        "GSA-IKE-017",
        [transform(ENCR, AES_CBC), transform(INTEG, HMAC_SHA2_384_192), SHA384, GROUP],
    ),
}
IN_AUTH = {
    "AES-GCM with a separate HMAC": (
        "GSA-IKE-037",
        [transform(ENCR, AES_GCM_16, 256), transform(INTEG, HMAC_SHA2_256_128), NO_ESN_TRANSFORM],
    ),
    "AES-GCM without a key length": ("GSA-IKE-038", [transform(ENCR, AES_GCM_16), NO_ESN_TRANSFORM]),
}


@pytest.fixture(scope="module")
def gateway(machine_for_labs: None) -> Iterator[World]:  # noqa: ARG001 - says first what the machine lacks
    with tempfile.TemporaryDirectory(prefix="gsalab-test-") as folder, world(Path(folder)) as made:
        yield made


def found(gateway: World, step: Callable[[], object], until: str = "request_refused") -> list[str]:
    """The codes of what is found after a step, by the records up to one of that name."""
    step()
    records = gateway.records.until(until, tunnel_of("default"))
    return [finding.code for finding in diagnose(records, tunnels=[facts_from(gateway.tunnel("default"))])]


def offering(transforms: list[Any], **fields: Any) -> Deviation:
    """One proposal with these transforms."""
    return instead(sa([proposal(transforms, **fields)]))


@pytest.mark.parametrize("name", IN_INIT)
def test_a_proposal_for_ike_that_is_wrong_in_itself(gateway: World, name: str) -> None:
    code, transforms = IN_INIT[name]
    cpe = gateway.initiator()
    assert found(gateway, lambda: cpe.init(offering(transforms))) == [code]


@pytest.mark.parametrize("name", IN_AUTH)
def test_a_proposal_for_esp_that_is_wrong_in_itself(gateway: World, name: str) -> None:
    code, transforms = IN_AUTH[name]
    cpe = gateway.initiator()
    cpe.init()
    offered = offering(transforms, protocol=ESP, spi=cpe.child_spi)
    assert found(gateway, lambda: cpe.auth(offered)) == [code]
    cpe.delete()


def test_a_pfs_group_in_ike_auth_that_the_policy_has_not_is_forecast_to_fail_at_the_first_rekey(
    gateway: World,
) -> None:
    cpe = gateway.initiator()
    cpe.init()
    with_group = [transform(ENCR, AES_GCM_16, 256), NO_ESN_TRANSFORM, GROUP]
    offered = offering(with_group, protocol=ESP, spi=cpe.child_spi)
    assert found(gateway, lambda: cpe.auth(offered), "child_sa_established") == ["GSA-IKE-036"]
    cpe.delete()
