"""NAT boxes in scenario files: what they become, and what is refused with its line."""

import pytest

from gateway.lab.nat_node import box_settings
from gateway.lab.scenario import ScenarioError, load
from gateway.lab.view.drawing import draw


def test_the_program_learns_its_interfaces_and_settings() -> None:
    assert box_settings(load("lossy-line").topology(), "isp") == {
        "node": "isp",
        "toward": "to-internet",
        "inside": ["to-cpe"],
        "nat": {
            "toward": "internet",
            "source": "192.168.1.0/24",
            "to": "203.0.113.10",
            "personality": "static",
            "port": "40000",
        },
        "impair": {
            "toward": "internet",
            "loss": "5%",
            "delay": "20ms",
            "jitter": "5ms",
            "duplicate": "1%",
            "reorder": "2%",
            "bandwidth": "off",
            "seed": "16014",
        },
    }


def test_a_node_without_nat_and_impairments_has_no_box() -> None:
    assert load("basic").topology().boxes == []
    assert load("basic", {"nodes.internet.impair": {"toward": "cpe"}}).topology().boxes == ["internet"]


REFUSED = {
    "nodes.isp.nat.personality=x": "personality: x: expected one of none, static",
    "nodes.isp.impair.loss=7": "loss: 7: expected a percentage",
    "nodes.isp.impair.toward=cpe": "nat and impair of one router have the same toward",
    "nodes.isp.nat.toward=gateway": "nat and impair of one router have the same toward",
    "nodes.internet.nat=5": "expected a mapping of settings",
    "nodes.internet.impair.toward=host": "internet: nat and impair are toward host, which no link joins",
    "nodes.cpe.impair.toward=isp": "nat and impair are for a router, this node is a cpe",
}


@pytest.mark.parametrize("setting", REFUSED)
def test_a_box_that_cannot_be_is_refused(setting: str) -> None:
    path, _, value = setting.partition("=")
    with pytest.raises(ScenarioError) as error:
        load("lossy-line", {path: int(value) if value.isdigit() and path.endswith("nat") else value})
    assert REFUSED[setting] in str(error.value)


def test_the_drawing_names_the_personality() -> None:
    assert "NAT: static" in "\n".join(draw(load("nat-static").topology()))
