"""Rules about proposals that are wrong in themselves: GSA-IKE-017, 018, 037 and 038."""

from dataclasses import replace

import pytest

from gateway.diagnosis import Certainty, Finding
from ike.constants import DhGroup, Encr, Integ, Prf, TransformType
from ike.proposal import Proposal
from tests.gateway.diagnosis.story import Story, esp_proposal, ike_proposal

GROUP = DhGroup.MODP_2048


def refused_in_init(offered: Proposal) -> Finding:
    """What is found of a CPE that offers this for IKE."""
    story = Story()
    story.init(offered)
    return story.finding()


def refused_in_auth(offered: Proposal) -> Finding:
    """What is found of a CPE that offers this for ESP."""
    story = Story()
    story.init()
    story.auth()
    story.create_child(offered)
    return story.finding()


def without_prf(offered: Proposal) -> Proposal:
    """The proposal without its PRF."""
    return replace(offered, transforms=tuple(t for t in offered.transforms if t.type != TransformType.PRF))


GCM_AND_INTEGRITY = ike_proposal(Encr.AES_GCM_16, 256, Prf.HMAC_SHA2_384, GROUP, Integ.HMAC_SHA2_384_192)


@pytest.mark.parametrize("offered", [GCM_AND_INTEGRITY, without_prf(GCM_AND_INTEGRITY)])
def test_aead_with_an_integrity_algorithm_beside_the_prf_or_in_its_place_loses_it(offered: Proposal) -> None:
    finding = refused_in_init(offered)
    assert (finding.code, finding.certainty) == ("GSA-IKE-018", Certainty.PROVEN)
    assert finding.title == "IKE proposal refused: AES-GCM with an integrity algorithm"
    assert finding.fix.strongswan == "proposals = aes256gcm16-prfsha384-modp2048"
    assert finding.fix.cpe.startswith("take the integrity algorithm out, and set a PRF: offer AES_GCM_16-256")


def test_aead_with_an_integrity_algorithm_and_a_refused_prf_is_a_mixture() -> None:
    offered = ike_proposal(Encr.AES_GCM_16, 256, Prf.HMAC_SHA1, GROUP, Integ.HMAC_SHA1_96)
    assert refused_in_init(offered).code == "GSA-IKE-010"


@pytest.mark.parametrize(
    ("encryption", "prf", "integrity"),
    [
        (Encr.AES_GCM_16, Prf.HMAC_SHA2_384, None),
        (Encr.AES_CBC, Prf.HMAC_SHA2_256, Integ.HMAC_SHA2_256_128),
    ],
)
def test_aes_without_a_key_length_is_told_to_have_one(
    encryption: Encr, prf: Prf, integrity: Integ | None
) -> None:
    offered = ike_proposal(encryption, 128, prf, GROUP, integrity)
    lengthless = [replace(t, key_bits=None) for t in offered.transforms]
    finding = refused_in_init(replace(offered, transforms=tuple(lengthless)))
    assert (finding.code, finding.certainty) == ("GSA-IKE-017", Certainty.PROVEN)
    assert finding.saw.startswith(f"{encryption.name} / ")
    assert finding.fix.cpe.startswith("set the length of the AES key: offer ")


def test_a_cipher_that_no_length_would_make_allowed_is_about_the_cipher() -> None:
    offered = ike_proposal(Encr.TRIPLE_DES, 0, Prf.HMAC_SHA2_384, GROUP, Integ.HMAC_SHA2_384_192)
    lengthless = [replace(t, key_bits=None) for t in offered.transforms]
    assert refused_in_init(replace(offered, transforms=tuple(lengthless))).code == "GSA-IKE-013"


def test_gcm_with_a_separate_hmac_in_phase_2_loses_it() -> None:
    finding = refused_in_auth(esp_proposal(Encr.AES_GCM_16, 192, Integ.HMAC_SHA2_256_128))
    assert (finding.code, finding.certainty) == ("GSA-IKE-037", Certainty.PROVEN)
    assert finding.fix.strongswan == "esp_proposals = aes192gcm16"
    assert finding.fix.cpe == "take the HMAC out of phase 2: offer AES_GCM_16-192"


def test_gcm_with_none_for_integrity_is_fine() -> None:
    story = Story()
    story.connect()
    story.create_child(esp_proposal(Encr.AES_GCM_16, 192, Integ.NONE))
    assert story.findings() == []


def test_aes_without_a_key_length_in_phase_2_is_told_to_have_one() -> None:
    finding = refused_in_auth(esp_proposal(Encr.AES_GCM_16))
    assert (finding.code, finding.certainty) == ("GSA-IKE-038", Certainty.PROVEN)
    assert finding.title == "ESP proposal refused: AES without a key length"


@pytest.mark.parametrize(
    "offered",
    [
        esp_proposal(Encr.AES_CBC, None, Integ.HMAC_SHA2_256_128),
        esp_proposal(Encr.AES_GCM_8, None),
        esp_proposal(Encr.AES_GCM_16, None, Integ.HMAC_SHA2_256_128),
    ],
)
def test_whatever_else_is_refused_with_it_makes_it_a_mixture(offered: Proposal) -> None:
    assert refused_in_auth(offered).code == "GSA-IKE-030"
