"""The smallest change that makes a refused proposal acceptable, found by replaying it."""

import pytest

from gateway.diagnosis import facts_of
from gateway.diagnosis.counterfactual import smallest_change, transform_named
from gateway.diagnosis.proposals import Offer
from gateway.model import load, tunnels
from ike.constants import Encr, ProtocolId, TransformType
from ike.proposal import Transform
from tests.gateway.diagnosis.story import EXAMPLES

LAB = load([EXAMPLES / "minimal.yaml"])
FACTS = facts_of(tunnels(LAB)[0], LAB)


def offer(**names: str) -> Offer:
    return Offer(text=" / ".join(names.values()), names={kind: (name,) for kind, name in names.items()})


def changes(offered: Offer) -> list[str]:
    outcome = smallest_change(offered, FACTS.ike, ProtocolId.IKE)
    assert outcome is not None
    return [change.text for change in outcome.changes]


def test_one_wrong_group_needs_one_change_and_group_14_goes_before_24() -> None:
    assert changes(offer(ENCR="AES_GCM_16-256", PRF="HMAC_SHA2_384", DH="ECP_384")) == [
        "Diffie-Hellman group MODP_2048 instead of ECP_384"
    ]


def test_an_integrity_algorithm_beside_aead_is_left_out() -> None:
    offered = offer(ENCR="AES_GCM_16-256", PRF="HMAC_SHA2_384", INTEG="HMAC_SHA2_384_192", DH="MODP_2048")
    assert changes(offered) == ["no integrity (HMAC_SHA2_384_192 left out)"]


def test_aes_256_with_sha_256_becomes_aes_128() -> None:
    offered = offer(ENCR="AES_CBC-256", PRF="HMAC_SHA2_256", INTEG="HMAC_SHA2_256_128", DH="MODP_2048")
    assert changes(offered) == ["encryption AES_CBC-128 instead of AES_CBC-256"]


def test_two_wrong_values_need_two_changes() -> None:
    offered = offer(ENCR="AES_GCM_16-192", PRF="HMAC_SHA2_384", DH="MODP_1024")
    assert len(changes(offered)) == 2


def test_esp_is_replayed_against_its_own_policy() -> None:
    offered = offer(ENCR="AES_GCM_16-256", INTEG="HMAC_SHA2_256_128", ESN="NO_ESN")
    outcome = smallest_change(offered, FACTS.esp, ProtocolId.ESP)
    assert outcome is not None
    assert [change.text for change in outcome.changes] == ["no integrity (HMAC_SHA2_256_128 left out)"]
    assert outcome.text.startswith("with no integrity (HMAC_SHA2_256_128 left out), and nothing else changed")


def test_an_unknown_algorithm_is_replaced_like_any_other() -> None:
    offered = offer(ENCR="Encr(99)-256", PRF="HMAC_SHA2_384", DH="MODP_2048")
    assert changes(offered) == ["encryption AES_GCM_16-256 instead of Encr(99)-256"]


def test_what_is_accepted_with_no_small_change_has_none() -> None:
    assert smallest_change(offer(ENCR="Encr(99)"), {}, ProtocolId.IKE) is None


def test_a_transform_type_that_nobody_knows_makes_no_trouble() -> None:
    offered = Offer(
        text="", names={"ENCR": ("AES_GCM_16-256",), "TransformType(6)": ("transform type 6 id 36",)}
    )
    assert smallest_change(offered, FACTS.ike, ProtocolId.IKE) is None


@pytest.mark.parametrize(
    "transform",
    [
        Transform(TransformType.ENCR, Encr.AES_GCM_16, 256),
        Transform(TransformType.ENCR, 99, 128),
        Transform(TransformType.ENCR, 99),
        Transform(TransformType.PRF, 5),
        Transform(TransformType.DH, 35),
        Transform(TransformType.ESN, 1),
    ],
)
def test_a_name_leads_back_to_its_transform(transform: Transform) -> None:
    assert transform_named(TransformType(transform.type).name, transform.name) == transform
