"""The section ``gateway.ike``."""

from typing import Any

import pytest

from gateway.model import tunnels
from gateway.model.ike_settings import (
    Cookies,
    Identity,
    IkeSettings,
    NatPortRewrite,
    UnknownSource,
    UnknownSpi,
)
from tests.gateway.model.conftest import Load, Problems, lab


def ike(**members: Any) -> dict[str, Any]:
    return lab() | {"gateway": {"endpoints": ["198.51.100.20"], "ike": members}}


def test_everything_may_be_left_out(load_lab: Load) -> None:
    found = load_lab(lab()).gateway.ike
    assert found == IkeSettings()
    assert (found.nat_port_rewrite, found.unknown_source) == (NatPortRewrite.REJECT, UnknownSource.SILENT)
    assert (found.unknown_spi, found.identity) == (UnknownSpi.SILENT, Identity.IGNORE)
    assert (found.cookies, found.nat_keepalive_seconds) == (Cookies.THRESHOLD, 20)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("natPortRewrite", "reject accept"),
        ("unknownSource", "silent noProposalChosen"),
        ("unknownSpi", "silent invalidIkeSpi"),
        ("identity", "ignore address"),
        ("cookies", "always threshold never"),
    ],
)
def test_a_choice_takes_its_values_and_no_other(problems: Problems, name: str, values: str) -> None:
    for value in values.split():
        assert problems(ike(**{name: value})) == []
    for wrong in ("other", values.split(maxsplit=1)[0].upper(), True, 1):
        [problem] = problems(ike(**{name: wrong}))
        assert problem.path == f"gateway.ike.{name}"
        assert problem.fix == f"write {values.replace(' ', ' or ')}"


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("ikeLifetimeSeconds", 60, 86400),
        ("childLifetimeSeconds", 60, 86400),
        ("rekeyMarginPercent", 1, 90),
        ("rekeyJitterPercent", 0, 100),
        ("trialRekeySeconds", 0, 86400),
        ("livenessSeconds", 0, 86400),
        ("retransmitSeconds", 1, 60),
        ("retransmitTries", 1, 20),
        ("natKeepaliveSeconds", 0, 86400),
        ("cookieThreshold", 0, 100000),
        ("halfOpenPerSource", 1, 100000),
        ("halfOpenTotal", 1, 100000),
        ("halfOpenSeconds", 1, 3600),
    ],
)
def test_a_number_has_bounds(problems: Problems, name: str, low: int, high: int) -> None:
    for value in (low, high):
        assert problems(ike(**{name: value})) == []
    for wrong in (low - 1, high + 1, "30", 1.5, True):
        [problem] = problems(ike(**{name: wrong}))
        assert problem.path == f"gateway.ike.{name}"
        assert f"to {high}" in problem.rule


@pytest.mark.parametrize("name", ["mobike", "fragmentation", "esn"])
def test_a_switch_is_true_or_false(problems: Problems, name: str) -> None:
    assert problems(ike(**{name: False})) == []
    [problem] = problems(ike(**{name: "no"}))
    assert (problem.path, problem.rule) == (f"gateway.ike.{name}", "true or false is wanted")


def test_a_misspelt_setting_is_an_error_that_names_the_nearest_one(problems: Problems) -> None:
    [problem] = problems(ike(natPortRewrites="accept"))
    assert "natPortRewrite" in problem.fix


def test_the_settings_reach_the_configuration_of_every_tunnel(load_lab: Load) -> None:
    [tunnel] = tunnels(load_lab(ike(identity="address", livenessSeconds=7, trialRekeySeconds=5)))
    assert tunnel.peer_config.enforce_identity
    assert tunnel.peer_config.liveness_interval == 7
    assert tunnel.peer_config.trial_rekey == 5
