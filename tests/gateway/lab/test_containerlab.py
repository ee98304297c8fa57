"""The containerlab topology: what containerlab's JSON Schema asks for, and what a gateway needs."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from gateway.lab.containerlab import PLACEHOLDER, SharedCableError, topology
from gateway.model import Tunnel, load, tunnels

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
TEXT = {"type": "string"}
TEXTS = {"type": "array", "minItems": 1, "items": {"type": "string"}}
# What containerlab's schema (https://containerlab.dev/clab.schema.json, read in the repository
# srl-labs/containerlab at b11ef1a) says of the members that are written here, in our words.
# No others are allowed. All that is exported here was once validated with the schema itself, too.
SCHEMA = {
    "type": "object",
    "required": ["name", "topology"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "topology": {
            "type": "object",
            "required": ["nodes"],
            "properties": {
                "nodes": {
                    "type": "object",
                    "additionalProperties": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {
                            "kind": {"const": "linux"},
                            "image": TEXT,
                            "entrypoint": TEXT,
                            "cmd": TEXT,
                            "binds": TEXTS | {"uniqueItems": True},
                            "exec": TEXTS,
                            "env": {"type": "object", "additionalProperties": {"type": "string"}},
                        },
                    },
                },
                "links": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "properties": {
                            "endpoints": {
                                "type": "array",
                                "minItems": 2,
                                "uniqueItems": True,
                                "items": {"type": "string", "pattern": r"^\S+:\S+$"},
                            }
                        },
                    },
                },
            },
        },
    },
}


def example(name: str = "minimal.yaml") -> list[Tunnel]:
    return tunnels(load([EXAMPLES / name]))


def exported(of: list[Tunnel], **options: str) -> dict[str, Any]:
    """The topology, read again."""
    text = topology("My lab", of, ["conf/lab.yaml"], "gsalab/gateway:local", **options)
    document: dict[str, Any] = YAML(typ="safe").load(text)
    return document


@pytest.mark.parametrize("name", sorted(file.name for file in EXAMPLES.glob("*.yaml")))
def test_every_example_becomes_a_topology_of_containerlabs_schema(name: str) -> None:
    jsonschema.validate(exported(example(name), psk_variable="GSALAB_PSK"), SCHEMA)


def test_the_gateway_has_its_endpoints_before_it_starts_and_reads_the_lab_file() -> None:
    document = exported(example("zone-redundancy.yaml"))
    assert document["name"] == "my-lab"
    gateway = document["topology"]["nodes"]["gateway"]
    assert gateway["image"] == "gsalab/gateway:local"
    option, script = shlex.split(gateway["cmd"])
    assert (gateway["entrypoint"], option) == ("sh", "-c")
    assert script.split(" && ") == [
        "ip address replace 198.51.100.20/32 dev lo",
        "ip address replace 198.51.100.21/32 dev lo",
        "exec gateway-entrypoint up -f /etc/gsalab/0-lab.yaml",
    ]
    assert gateway["binds"] == ["conf/lab.yaml:/etc/gsalab/0-lab.yaml:ro"]


def test_a_cpe_has_a_cable_of_its_own_with_both_tunnels_of_its_link() -> None:
    document = exported(example("zone-redundancy.yaml"))
    nodes = document["topology"]["nodes"]
    assert nodes.keys() == {"gateway", "cpe1"}
    assert nodes["cpe1"] == {"kind": "linux", "image": PLACEHOLDER}
    assert document["topology"]["links"] == [{"endpoints": ["gateway:eth1", "cpe1:eth1"]}]
    assert nodes["gateway"]["exec"] == ["ip address replace 198.51.100.11/31 dev eth1"]


def test_what_to_enter_on_the_cpe_stands_beside_its_place() -> None:
    text = topology("lab", example(), ["lab.yaml"], "image")
    assert "# eth1: 198.51.100.10/31, default route by 198.51.100.11" in text
    assert "# tunnel branch1/cpe1/0: to 198.51.100.20, identity 198.51.100.10" in text
    assert "BGP 10.1.0.4 AS 65001 with 10.2.0.4 AS 65476" in text


def test_no_pre_shared_key_is_written() -> None:
    (tunnel,) = example()
    assert tunnel.psk.decode() not in topology("lab", [tunnel], ["lab.yaml"], "image")
    document = exported([tunnel], psk_variable="GSALAB_PSK")
    assert document["topology"]["nodes"]["gateway"]["env"] == {"GSALAB_PSK": "${GSALAB_PSK}"}


def test_deploying_passes_the_variable_of_the_key_through_sudo() -> None:
    text = topology("lab", example(), ["lab.yaml"], "image", psk_variable="GSALAB_PSK")
    assert "#   sudo --preserve-env=GSALAB_PSK containerlab deploy -t THIS-FILE" in text


def test_the_comment_names_the_container_that_containerlab_makes() -> None:
    assert "#   docker exec clab-my-lab-gateway gsalab check" in topology("My lab", example(), ["f"], "image")


def test_a_file_name_reaches_neither_the_shell_nor_the_expansion_of_variables() -> None:
    text = topology("lab", example(), ['it\'s "my" $lab.yaml'], "image")
    gateway = YAML(typ="safe").load(text)["topology"]["nodes"]["gateway"]
    assert gateway["binds"] == ['it\'s "my" $$lab.yaml:/etc/gsalab/0-it-s-my-lab.yaml:ro']
    assert shlex.split(gateway["cmd"])[1].endswith("up -f /etc/gsalab/0-it-s-my-lab.yaml")


def test_two_cpes_that_are_each_others_next_hop_are_refused() -> None:
    (tunnel,) = example()
    with pytest.raises(SharedCableError, match=r"198\.51\.100\.10 and 198\.51\.100\.11 are both"):
        topology(
            "lab", [tunnel, replace(tunnel, peer_address=tunnel.peer_address + 1)], ["lab.yaml"], "image"
        )
