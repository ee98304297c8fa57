"""Rules about the CHILD SA: GSA-IKE-030 and GSA-IKE-031."""

from gateway.diagnosis import Certainty
from ike.constants import Encr, Integ
from tests.gateway.diagnosis.story import ANY, Story, esp_proposal

LAN = ("10.1.0.0-10.1.255.255",)


def authenticated() -> Story:
    """A CPE that is about to ask for its first CHILD SA."""
    story = Story()
    story.init()
    story.auth()
    return story


def test_aes_cbc_for_esp_is_refused_and_no_device_link_can_help() -> None:
    story = authenticated()
    story.create_child(esp_proposal(Encr.AES_CBC, 256, Integ.HMAC_SHA2_256_128))
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-IKE-030", Certainty.PROVEN)
    assert finding.title == "ESP proposal refused: encryption and integrity"
    assert finding.expected.endswith("allowed integrity: none")
    assert finding.fix.strongswan == "esp_proposals = aes256gcm16"
    assert finding.fix.device_link == "nothing: no policy of a device link allows what was offered"


def test_null_encryption_needs_a_custom_policy() -> None:
    story = authenticated()
    story.create_child(esp_proposal(Encr.NULL, None, Integ.HMAC_SHA2_256_128))
    assert "ipSecEncryption none, ipSecIntegrity sha256" in story.finding().fix.device_link


def test_the_table_marks_what_each_combination_refuses() -> None:
    story = authenticated()
    story.create_child(esp_proposal(Encr.AES_GCM_16, 192, Integ.HMAC_SHA2_256_128))
    table = story.finding().table
    assert table is not None
    assert table.columns == ("encryption", "integrity", "ESN")
    assert [(row.name, row.refused) for row in table.rows] == [
        ("offered", ()),
        ("combination 2", ("integrity",)),
        ("combination 1", ("encryption", "integrity")),
        ("combination 3", ("encryption", "integrity")),
    ]


def test_a_refused_rekey_is_no_refused_first_child_sa() -> None:
    story = Story()
    story.come_up()
    story.create_child(esp_proposal(Encr.AES_CBC, 256, Integ.HMAC_SHA2_256_128), replaces=1)
    assert story.findings() == []


def test_narrow_selectors_are_quoted() -> None:
    story = authenticated()
    story.create_child(ours=LAN)
    finding = story.finding()
    assert (finding.code, finding.certainty) == ("GSA-IKE-031", Certainty.PROVEN)
    assert finding.saw == f"TSi {LAN[0]}; TSr {ANY[0]}"
    assert finding.fix.strongswan == "local_ts = 0.0.0.0/0\nremote_ts = 0.0.0.0/0"
