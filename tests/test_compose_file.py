"""docker-compose.yml against the Compose Specification, which is what `docker compose` (v2) reads."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
SCHEMA = json.loads((ROOT / "tests/vectors/compose-spec.json").read_text())


def compose_file() -> dict[str, Any]:
    """The file with its anchors resolved; variables stay, as text."""
    document: dict[str, Any] = YAML(typ="safe").load(ROOT / "docker-compose.yml")
    return document


def services() -> dict[str, dict[str, Any]]:
    """Its services by name."""
    found: dict[str, dict[str, Any]] = compose_file()["services"]
    return found


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_file_is_of_the_compose_specification() -> None:
    Draft202012Validator(SCHEMA).validate(compose_file())


def test_a_misspelled_key_of_a_service_is_refused() -> None:
    document = compose_file()
    document["services"]["gateway"]["cap_ad"] = []
    with pytest.raises(ValidationError):
        Draft202012Validator(SCHEMA).validate(document)


def test_no_service_is_privileged_and_each_starts_without_capabilities() -> None:
    for service in services().values():
        assert "privileged" not in service
        assert service["cap_drop"] == ["ALL"]


def test_only_gateways_with_namespaces_of_their_own_have_sys_admin() -> None:
    with_it = {name for name, service in services().items() if "SYS_ADMIN" in service["cap_add"]}
    assert with_it == {"gateway", "gateway-nat", "gateway-host"}


def test_every_service_belongs_to_a_profile_that_env_tells_of() -> None:
    env = (ROOT / ".env").read_text()
    for service in services().values():
        assert all(f"#   {profile} " in env for profile in service["profiles"])


def test_every_dependency_waits_for_health() -> None:
    for service in services().values():
        for condition in service.get("depends_on", {}).values():
            assert condition == {"condition": "service_healthy"}


def test_what_a_service_waits_for_is_in_its_profiles() -> None:
    """Version 2 refuses a dependency that no active profile has; 1.29 starts it."""
    found = services()
    for service in found.values():
        for dependency in service.get("depends_on", {}):
            assert set(service["profiles"]) <= set(found[dependency]["profiles"])


def test_security_options_are_written_with_an_equals_sign() -> None:
    """The engine calls the colon deprecated."""
    options = [option for service in services().values() for option in service["security_opt"]]
    assert all("=" in option and ":" not in option for option in options)


def test_no_two_services_have_the_same_address() -> None:
    """So two profiles can be up at the same time."""
    addresses = [
        network["ipv4_address"]
        for service in services().values()
        for network in service.get("networks", {}).values()
    ]
    assert len(addresses) == len(set(addresses))


def test_all_networks_are_in_the_benchmarking_range() -> None:
    for network in compose_file()["networks"].values():
        (pool,) = network["ipam"]["config"]
        assert pool["subnet"].startswith(("198.18.", "198.19."))
