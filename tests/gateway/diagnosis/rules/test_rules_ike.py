"""Rules about IKE_SA_INIT and IKE_AUTH: GSA-IKE-010, 011, 020, 021 and 040."""

import pytest

from gateway.diagnosis import Certainty
from ike.constants import DhGroup, Encr, Integ, Prf
from tests.gateway.diagnosis.story import AUTH_PAYLOADS, DIFFERENT_KEYS, INIT_PAYLOADS, Story, ike_proposal

AES_256_SHA_256 = ike_proposal(
    Encr.AES_CBC, 256, Prf.HMAC_SHA2_256, DhGroup.MODP_2048, Integ.HMAC_SHA2_256_128
)


def test_aes256_with_sha256_is_refused_though_each_value_is_allowed() -> None:
    story = Story()
    story.init(AES_256_SHA_256)
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-IKE-010", Certainty.PROVEN)
    assert finding.title == "IKE proposal refused: encryption"
    assert "default phase 1 combination 8" in finding.expected
    assert finding.what_if == (
        "with encryption AES_CBC-128 instead of AES_CBC-256, and nothing else changed, the same request is "
        "accepted (default phase 1 combination 8)"
    )
    assert finding.expected.endswith("each offered value is allowed, but not together")
    assert finding.fix.strongswan == "proposals = aes128-sha256-modp2048"
    assert "ikeEncryption aes256, ikeIntegrity sha256, dhGroup dhGroup14" in finding.fix.device_link


def test_a_group_that_no_combination_has_is_named_with_those_that_are_allowed() -> None:
    story = Story()
    story.init(ike_proposal(Encr.AES_GCM_16, 256, Prf.HMAC_SHA2_384, DhGroup.ECP_384))
    finding = story.finding()
    assert finding.code == "GSA-IKE-012"
    assert finding.title == "IKE proposal refused: Diffie-Hellman group"
    assert finding.expected.endswith("allowed Diffie-Hellman group: MODP_2048_256, MODP_2048")
    assert finding.fix.strongswan == "proposals = aes256gcm16-prfsha384-modp2048"
    assert "dhGroup ecp384" in finding.fix.device_link


@pytest.mark.parametrize(
    ("encryption", "bits", "prf", "integrity", "code"),
    [
        (Encr.AES_GCM_16, 192, Prf.HMAC_SHA2_384, None, "GSA-IKE-013"),
        (Encr.AES_CBC, 256, Prf.HMAC_SHA2_384, Integ.HMAC_SHA2_512_256, "GSA-IKE-014"),
        (Encr.AES_CBC, 256, Prf.HMAC_SHA2_384, None, "GSA-IKE-010"),
        (Encr.AES_GCM_16, 256, Prf.HMAC_SHA2_512, None, "GSA-IKE-015"),
        (Encr.AES_GCM_16, 256, Prf.HMAC_SHA2_256, None, "GSA-IKE-010"),
        (Encr.AES_GCM_16, 192, Prf.HMAC_SHA2_512, None, "GSA-IKE-010"),
    ],
)
def test_a_single_value_that_is_allowed_nowhere_has_its_own_code(
    encryption: Encr, bits: int, prf: Prf, integrity: Integ | None, code: str
) -> None:
    story = Story()
    story.init(ike_proposal(encryption, bits, prf, DhGroup.MODP_2048, integrity))
    assert story.finding().code == code


def test_what_no_policy_can_allow_is_for_the_cpe_to_change() -> None:
    story = Story()
    story.init(ike_proposal(Encr.TRIPLE_DES, 192, Prf.HMAC_SHA1, DhGroup.MODP_1024, Integ.HMAC_SHA1_96))
    finding = story.finding()
    assert finding.fix.device_link == "nothing: no policy of a device link allows what was offered"
    assert "MODP_2048_256" not in finding.fix.cpe


def test_of_several_proposals_the_closest_is_explained() -> None:
    story = Story()
    far = ike_proposal(Encr.TRIPLE_DES, 192, Prf.HMAC_SHA1, DhGroup.MODP_1024, Integ.HMAC_SHA1_96)
    story.init(far, AES_256_SHA_256)
    assert story.finding().saw.startswith("AES_CBC-256 / ")
    assert story.finding().saw.endswith("(the closest of 2 proposals offered)")


def test_a_custom_policy_is_the_only_combination() -> None:
    story = Story("custom-policy.yaml")
    story.init()
    finding = story.finding()
    assert finding.fix.strongswan == "proposals = aes256gcm16-prfsha384-ecp384"
    assert finding.table is not None
    assert [row.name for row in finding.table.rows] == ["offered", "custom phase 1"]


def test_the_wrong_group_is_no_finding_when_the_cpe_tries_again() -> None:
    story = Story()
    story.init(ke_group=DhGroup.ECP_256)
    assert story.findings(after=1) == []
    story.init()
    assert [f.code for f in story.findings(after=2)] == []


def test_the_wrong_group_and_then_silence_is_possible() -> None:
    story = Story()
    story.init(ke_group=DhGroup.ECP_256)
    finding = story.finding(after=6)
    assert (finding.code, finding.certainty) == ("GSA-IKE-011", Certainty.POSSIBLE)
    assert (
        finding.saw
        == "KE payload of group 19, selected is 14 (MODP_2048); 6 s later no request with that group has come"
    )
    assert finding.fix.strongswan.endswith("modp2048")


def test_the_wrong_group_again_and_again_needs_no_silence() -> None:
    story = Story()
    for _ in range(3):
        story.init(ke_group=DhGroup.ECP_256)
    assert story.finding().saw.endswith("3 times in a row")


def test_different_keys_are_proven() -> None:
    story = Story()
    story.init()
    story.auth(failure=DIFFERENT_KEYS)
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-IKE-020", Certainty.PROVEN)
    assert 'pre-shared key of device link "cpe1"' in finding.saw
    assert "zone redundancy" not in finding.expected


def test_the_second_tunnel_may_have_a_key_of_its_own() -> None:
    story = Story("zone-redundancy.yaml", index=1)
    story.init()
    story.auth(failure=DIFFERENT_KEYS)
    assert "zone redundancy key" in story.finding().expected


def test_a_finding_about_keys_never_shows_one() -> None:
    story = Story()
    story.init()
    story.auth(failure=DIFFERENT_KEYS)
    assert "correct horse" not in str(story.finding())


def test_a_key_that_was_altered_on_its_way_is_named_by_what_was_done_to_it() -> None:
    story = Story()
    story.init()
    story.auth(failure=DIFFERENT_KEYS, hint="in lower case")
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-IKE-022", Certainty.PROVEN)
    assert finding.title == "Pre-shared keys differ: the CPE's is the link's in lower case"


def test_what_was_recognised_once_stays_known_when_the_next_attempt_is_not_tried() -> None:
    story = Story()
    for hint in ("in lower case", None):
        story.init()
        story.auth(failure=DIFFERENT_KEYS, hint=hint)
    assert story.finding().code == "GSA-IKE-022"


def test_another_key_after_one_that_was_recognised_is_just_another_key() -> None:
    story = Story()
    for hint in ("in lower case", ""):
        story.init()
        story.auth(failure=DIFFERENT_KEYS, hint=hint)
    finding = story.finding()
    assert finding.code == "GSA-IKE-020"
    assert finding.saw.endswith("; no usual variant of it does, and no other link's key")


def test_nothing_is_said_about_variants_that_were_not_tried() -> None:
    story = Story()
    story.init()
    story.auth(failure=DIFFERENT_KEYS)
    assert "variant" not in story.finding().saw


def test_the_key_of_another_link_is_named_by_its_tunnel() -> None:
    story = Story()
    story.init()
    story.auth(failure=DIFFERENT_KEYS, hint="the key of branch2/cpe1/0", key_of="branch2/cpe1/0")
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-IKE-023", Certainty.PROVEN)
    assert finding.saw.endswith("that verifies with the key of branch2/cpe1/0")
    assert finding.expected.endswith("the key of branch1/cpe1/0")


@pytest.mark.parametrize(
    ("index", "used"),
    [(0, "the zone redundancy key of the second tunnel"), (1, "the pre-shared key of the first tunnel")],
)
def test_the_two_keys_of_a_zone_redundant_link_are_called_by_their_names(index: int, used: str) -> None:
    story = Story("zone-redundancy.yaml", index=index)
    story.init()
    other = story.tunnels[1 - index].name
    story.auth(failure=DIFFERENT_KEYS, hint=f"the key of {other}", key_of=other)
    finding = story.finding()
    assert finding.code == "GSA-IKE-023"
    assert finding.saw.endswith(used)


def test_a_refused_identity_is_no_wrong_key() -> None:
    story = Story()
    story.init()
    story.auth(
        failure="the peer calls itself cpe1.example.com",
        identity="cpe1.example.com (ID_FQDN)",
        identity_refused=True,
    )
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-IKE-024", Certainty.PROVEN)
    assert "cpe1.example.com (ID_FQDN)" in finding.saw
    assert finding.fix.strongswan == "local { id = 198.51.100.10 }"


def test_a_key_that_fits_at_last_ends_every_finding_about_keys() -> None:
    story = Story()
    story.init()
    story.auth(failure=DIFFERENT_KEYS, hint="in lower case")
    story.connect()
    assert story.findings() == []


@pytest.mark.parametrize(
    ("payloads", "failure", "title"),
    [
        (
            ("IDi", "IDr", "SA", "TSi", "TSr"),
            "no AUTH payload: the peer asks for EAP, expected a pre-shared key",
            "EAP instead of a pre-shared key",
        ),
        (
            ("IDi", "CERT", *AUTH_PAYLOADS[1:]),
            "authentication method DIGITAL_SIGNATURE, expected a pre-shared key",
            "Certificate instead of a pre-shared key",
        ),
    ],
)
def test_another_authentication_method_is_not_a_wrong_key(
    payloads: tuple[str, ...], failure: str, title: str
) -> None:
    story = Story()
    story.init()
    story.auth(failure=failure, payloads=payloads)
    finding = story.finding()
    assert (finding.code, finding.title, finding.certainty) == ("GSA-IKE-021", title, Certainty.PROVEN)


def test_half_open_is_likely_after_five_seconds() -> None:
    story = Story()
    story.init()
    assert story.findings(after=4.9) == []
    finding = story.finding(after=5)
    assert (finding.code, finding.certainty) == ("GSA-IKE-040", Certainty.LIKELY)
    assert finding.saw == "IKE_SA_INIT answered, then nothing for 5 s"
    assert "4500" in finding.fix.cpe


def test_half_open_after_a_wish_for_a_post_quantum_key_names_it() -> None:
    """A CPE that requires one (RFC 8784) ends the attempt when the answer has no USE_PPK."""
    story = Story()
    story.init(payloads=(*INIT_PAYLOADS, "N(USE_PPK)"))
    finding = story.finding(after=5)
    assert (finding.code, finding.certainty) == ("GSA-IKE-040", Certainty.LIKELY)
    assert finding.saw.startswith("IKE_SA_INIT with USE_PPK (RFC 8784), answered without")
    assert finding.fix.cpe.startswith("do not require a post-quantum pre-shared key")


def test_half_open_that_timed_out_stays_a_finding() -> None:
    story = Story()
    story.init()
    story.wait(30)
    story.close_ike("no IKE_AUTH came after IKE_SA_INIT", established=False)
    assert story.finding().code == "GSA-IKE-040"


def test_half_open_with_a_fragment_of_ike_auth_is_about_the_others() -> None:
    story = Story()
    story.init()
    story.fragment_of_auth(total=4)
    assert [finding.code for finding in story.findings(after=10)] == ["GSA-IKE-041"]
