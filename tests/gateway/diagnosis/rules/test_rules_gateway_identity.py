"""The rule about a CPE that refuses who the gateway says it is: GSA-IKE-025."""

from gateway.diagnosis import Certainty
from ike.codec import IDrPayload, NotifyPayload
from ike.constants import IdType, NotifyType
from ike.identification import Identification
from tests.gateway.diagnosis.recorded_cpe import TUNNEL, Cpe

REFUSAL = NotifyPayload(NotifyType.AUTHENTICATION_FAILED)
NAME = IDrPayload(Identification(IdType.ID_FQDN, b"gateway.example.com"))


def test_another_identity_than_the_cpe_had_asked_for_is_proven() -> None:
    cpe = Cpe()
    cpe.auth(lambda payloads: [*payloads, NAME])
    cpe.send_informational(REFUSAL)
    finding = cpe.finding()
    assert (finding.code, finding.certainty) == ("GSA-IKE-025", Certainty.PROVEN)
    assert "gateway.example.com (ID_FQDN)" in finding.saw
    assert finding.fix.strongswan == f"remote {{ id = {TUNNEL.advertised_endpoint} }}"


def test_a_refusal_by_a_cpe_that_had_asked_for_nobody_is_likely() -> None:
    cpe = Cpe()
    cpe.auth()
    cpe.send_informational(REFUSAL)
    finding = cpe.finding()
    assert (finding.code, finding.certainty) == ("GSA-IKE-025", Certainty.LIKELY)
    assert finding.fix.cpe.endswith("and the same pre-shared key for both directions")


def test_a_wish_for_another_identity_is_no_finding_when_the_cpe_takes_ours() -> None:
    cpe = Cpe()
    cpe.auth(lambda payloads: [*payloads, NAME])
    assert cpe.findings() == []


def test_a_cpe_that_comes_again_and_stays_makes_the_refusal_history() -> None:
    cpe = Cpe()
    cpe.auth()
    cpe.send_informational(REFUSAL)
    again = Cpe(seed="again")
    again.world = cpe.world
    again.auth()
    assert again.findings() == []
