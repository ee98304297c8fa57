"""What the IKE responder is told about a tunnel, and its limits."""

from ipaddress import IPv4Address
from typing import Any

import pytest

from gateway.model.ike_settings import IkeSettings
from gateway.model.peers import limits, peer_config
from gateway.model.policy import IkePolicy, policy
from gateway.model.resources import TunnelIkeV2Custom, TunnelIkeV2Default
from ike.config import CookieMode, Lifetimes, Limits, PeerConfig
from tests.gateway.model.conftest import CUSTOM

DEFAULT = policy(TunnelIkeV2Default())


def config(chosen: IkePolicy = DEFAULT, **settings: Any) -> PeerConfig:
    return peer_config(
        name="branch1/cpe1/0",
        psk=b"s3cret",
        policy=chosen,
        settings=IkeSettings.model_validate(settings),
        endpoint=IPv4Address("10.0.0.5"),
        advertised=IPv4Address("203.0.113.5"),
        peer=IPv4Address("198.51.100.10"),
    )


def test_the_identities_are_the_two_public_addresses() -> None:
    found = config()
    assert found.local_identity.text == "203.0.113.5 (ID_IPV4_ADDR)"
    assert found.expected_identity.text == "198.51.100.10 (ID_IPV4_ADDR)"
    assert found.advertised_ip == "203.0.113.5"
    assert found.psk == b"s3cret"
    assert "s3cret" not in repr(found)


def test_the_documented_defaults() -> None:
    found = config()
    assert found.lifetimes == Lifetimes(ike=28_800, child=3_600, margin=0.1, jitter=0.5)
    assert (found.liveness_interval, found.mobike, found.fragmentation) == (45, True, True)
    assert not found.enforce_identity
    assert found.trial_rekey == 0
    assert limits(IkeSettings()) == Limits(
        half_open_timeout=30,
        max_half_open=1000,
        max_half_open_per_source=5,
        cookies=CookieMode.THRESHOLD,
        cookie_threshold=30,
        answer_unknown_spi=False,
        retransmit_timeout=4,
        retransmit_tries=5,
    )


def test_a_custom_policy_has_a_child_lifetime_of_its_own() -> None:
    custom = policy(TunnelIkeV2Custom.model_validate(CUSTOM | {"saLifeTimeSeconds": 300}))
    assert config(custom, childLifetimeSeconds=900).lifetimes.child == 300
    assert config(childLifetimeSeconds=900).lifetimes.child == 900


def test_lifetimes_follow_the_settings() -> None:
    found = config(ikeLifetimeSeconds=600, rekeyMarginPercent=20, rekeyJitterPercent=0).lifetimes
    assert (found.ike, found.margin, found.jitter) == (600, 0.2, 0)


def test_the_identity_is_enforced_on_request() -> None:
    assert config(identity="address").enforce_identity
    assert not config(identity="ignore").enforce_identity


def test_the_switches_of_a_tunnel_follow_the_settings() -> None:
    found = config(mobike=False, fragmentation=False, livenessSeconds=0)
    assert (found.mobike, found.fragmentation, found.liveness_interval) == (False, False, 0)


def test_without_esn_no_suite_accepts_extended_sequence_numbers() -> None:
    assert all(suite.text.endswith("NO_ESN|ESN") for suite in config().esp_suites)
    assert all(suite.text.endswith(" NO_ESN") for suite in config(esn=False).esp_suites)


@pytest.mark.parametrize(
    ("text", "mode"),
    [("always", CookieMode.ALWAYS), ("threshold", CookieMode.THRESHOLD), ("never", CookieMode.NEVER)],
)
def test_the_limits_follow_the_settings(text: str, mode: CookieMode) -> None:
    settings = IkeSettings.model_validate(
        {
            "cookies": text,
            "cookieThreshold": 7,
            "halfOpenPerSource": 2,
            "halfOpenTotal": 9,
            "halfOpenSeconds": 11,
            "unknownSpi": "invalidIkeSpi",
            "retransmitSeconds": 2,
            "retransmitTries": 3,
        }
    )
    assert limits(settings) == Limits(
        half_open_timeout=11,
        max_half_open=9,
        max_half_open_per_source=2,
        cookies=mode,
        cookie_threshold=7,
        answer_unknown_spi=True,
        retransmit_timeout=2,
        retransmit_tries=3,
    )
