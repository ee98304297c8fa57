"""What a scenario writes for a probe, and what the probe is told."""

from ipaddress import IPv4Address

import pytest

from gateway.lab.probe.proposals import Offer, transforms_of
from gateway.lab.probe.settings import Settings, settings_from
from ike.constants import ProtocolId


def names(offer: Offer) -> list[str]:
    """The transforms of a proposal."""
    return [f"{transform.type}:{transform.name}" for transform in transforms_of(offer)]


def test_each_transform_is_written_by_its_name_and_key_length() -> None:
    assert names({"ENCR": "AES_GCM_16-256", "ESN": "NO_ESN"}) == ["1:AES_GCM_16-256", "5:NO_ESN"]


def test_a_transform_without_a_key_length_has_none() -> None:
    (transform,) = transforms_of({"ENCR": "AES_GCM_16"})
    assert transform.key_bits is None


def test_alternatives_of_a_type_are_a_list() -> None:
    assert names({"DH": ["MODP_2048", "ECP_256"]}) == ["4:MODP_2048", "4:ECP_256"]


@pytest.mark.parametrize(
    ("offer", "problem"),
    [
        ({"CIPHER": "AES_GCM_16-256"}, "no transform type is called CIPHER: ENCR, PRF"),
        ({"ENCR": "AES256"}, "ENCR has no transform AES256: "),
        ({"ENCR": "AES_GCM_16-long"}, "ENCR has no transform AES_GCM_16-long"),
        ({"INTEG": ["HMAC_SHA2_256_128", "SHA"]}, "INTEG has no transform SHA"),
    ],
)
def test_a_name_that_does_not_exist_is_refused(offer: Offer, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        transforms_of(offer)


def test_a_probe_reads_what_the_lab_has_written_and_hides_the_key() -> None:
    settings = Settings(
        endpoint=IPv4Address("198.51.100.20"),
        identity=IPv4Address("203.0.113.10"),
        psk="a-secret",
        bgp_addresses=(IPv4Address("10.1.0.4"), IPv4Address("10.2.0.4")),
        ike=[{"ENCR": "AES_GCM_16-256"}],
        esp=[{"ENCR": "AES_GCM_16"}, {"ENCR": ["AES_CBC-128"]}],
    )
    assert settings_from(settings.as_json()) == settings
    assert "a-secret" not in repr(settings)
    assert [(p.number, p.spi, p.text) for p in settings.proposals(ProtocolId.ESP, b"1234")] == [
        (1, b"1234", "AES_GCM_16"),
        (2, b"1234", "AES_CBC-128"),
    ]
