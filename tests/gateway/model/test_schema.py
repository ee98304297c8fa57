"""The shipped JSON Schema is fresh, accepts the examples, and finds what an editor should underline."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from gateway.model import load
from gateway.model.schema import lab_schema, schema_text
from tests.gateway.model.conftest import custom, lab, link

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
SCHEMA = "gateway/data/lab.schema.json"


def is_valid(plain: Any) -> bool:
    return Draft202012Validator(lab_schema()).is_valid(plain)


def test_the_shipped_schema_is_the_one_that_the_models_give() -> None:
    shipped = (files("gateway") / "data" / "lab.schema.json").read_text("utf-8")
    assert json.loads(shipped) == json.loads(schema_text()), f"python -m gateway.model.schema > {SCHEMA}"


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(lab_schema())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.stem))
def test_an_example_loads_without_a_warning_and_fits_the_schema(path: Path) -> None:
    assert load([path]).warnings == ()
    assert is_valid(YAML(typ="safe").load(path))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.stem))
def test_an_example_tells_editors_where_the_schema_is(path: Path) -> None:
    first = path.read_text().splitlines()[0]
    assert first == f"# yaml-language-server: $schema=../{SCHEMA}"
    assert (path.parent / first.partition("=")[2]).is_file()


@pytest.mark.parametrize(
    "plain",
    [
        lab(),
        lab(custom()),
        lab(link("bandwidthCapacityInMbps", 250)),
        lab(link("lastModifiedDateTime", "2023-12-12T14:26:24Z")),
        lab(forwardingProfiles=["internet", {"id": "x"}]),
        lab(link(**{"x@odata.context": "y"})),
    ],
)
def test_what_loads_fits_the_schema(plain: Any) -> None:
    assert is_valid(plain)


@pytest.mark.parametrize(
    "plain",
    [
        lab(link("ipAddres", "1.2.3.4")),
        lab(link("bgpConfiguration.asn", 65517)),
        lab(link("bgpConfiguration.asn", "65001")),
        lab(link("bandwidthCapacityInMbps", 300)),
        lab(custom(dhGroup="ecp521")),
        lab(region="atlantis"),
        lab(forwardingProfiles=["m365"]),
        {"remoteNetwork": []},
    ],
)
def test_an_editor_underlines_what_does_not_load(plain: Any) -> None:
    assert not is_valid(plain)


def test_every_member_is_described() -> None:
    definitions = lab_schema()["$defs"].values()
    bare = [
        (definition["title"], name)
        for definition in definitions
        for name, member in definition.get("properties", {}).items()
        if "description" not in member
    ]
    assert bare == []
