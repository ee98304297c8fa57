"""The lab's own section, ``gateway``."""

from typing import Any

import pytest

from tests.gateway.model.conftest import Load, Problems, lab


def settings(**members: Any) -> dict[str, Any]:
    return lab() | {"gateway": members}


def test_everything_may_be_left_out(load_lab: Load) -> None:
    found = load_lab(lab()).gateway
    assert found.endpoints == ()
    assert not found.advertise_endpoint
    assert not found.strict_sa_lifetime
    assert not found.accept_legacy_aes256_sha256_modp1024


@pytest.mark.parametrize(
    "name", ["advertiseEndpoint", "strictSaLifetime", "acceptLegacyAes256Sha256Modp1024"]
)
def test_a_switch_is_true_or_false(problems: Problems, name: str) -> None:
    assert problems(settings(**{name: True})) == []
    for value in ("yes", 1, "true"):
        [problem] = problems(settings(**{name: value}))
        assert (problem.path, problem.rule) == (f"gateway.{name}", "true or false is wanted")


@pytest.mark.parametrize(
    ("endpoints", "rule"),
    [
        (["198.51.100.20", "198.51.100.20"], "listed twice"),
        (["127.0.0.1"], "cannot be in"),
        (["gateway.example"], "four numbers"),
        ("198.51.100.20", "a list is wanted"),
    ],
)
def test_endpoints_are_different_unicast_addresses(problems: Problems, endpoints: object, rule: str) -> None:
    [problem] = problems(settings(endpoints=endpoints))
    assert rule in problem.rule


def test_advertise_maps_an_endpoint_of_the_gateway(problems: Problems) -> None:
    [problem] = problems(settings(endpoints=["198.51.100.20"], advertise={"198.51.100.99": "20.1.1.1"}))
    assert (problem.severity, problem.saw) == ("warning", "198.51.100.99")


def test_a_name_has_an_address_that_a_profile_covers(problems: Problems) -> None:
    assert problems(settings(names={"login.example.com": "20.190.128.10"})) == []
    [problem] = problems(settings(names={"www.example.com": "1.1.1.1"}))
    assert (problem.severity, problem.path) == ("warning", "gateway.names.www.example.com")


@pytest.mark.parametrize("name", ["", "a b", "-a.example", "a..b", f"{'a' * 64}.example", f"{'a.' * 127}aa"])
def test_a_name_is_a_domain_name(problems: Problems, name: str) -> None:
    found = problems(settings(names={name: "20.190.128.10"}))
    assert found[0].severity == "error"
    assert "domain name" in found[0].rule


def test_names_are_lower_case_without_the_final_dot(load_lab: Load) -> None:
    assert list(load_lab(settings(names={"WWW.Example.COM.": "20.190.128.10"})).gateway.names) == [
        "www.example.com"
    ]
