"""Scenario files: those that are shipped, changes from the command line, and faults."""

from pathlib import Path

import pytest

from gateway.lab.scenario import ScenarioError, dump_yaml, load, names, parse_settings
from gateway.model import load as load_lab
from gateway.model import tunnels


def test_basic_comes_first_in_the_list() -> None:
    assert names() == ["basic", "nat-static", "two-branches", "zone-redundancy"]


@pytest.mark.parametrize("name", names())
def test_a_shipped_scenario_is_sound_and_its_lab_file_keeps_every_rule(name: str, tmp_path: Path) -> None:
    scenario = load(name)
    file = tmp_path / "lab.yaml"
    file.write_text(dump_yaml(scenario.lab))
    lab = load_lab([file])
    carriers = sum(len(part.tunnels or [cpe]) for cpe, part in scenario.cpes().items())
    assert len(tunnels(lab)) == carriers
    assert lab.warnings == ()


@pytest.mark.parametrize("name", names())
def test_a_shipped_scenario_teaches_and_shows_a_page_and_a_drop(name: str) -> None:
    scenario = load(name)
    assert len(scenario.about.split()) > 40
    assert {check.expect for check in scenario.traffic if check.kind == "fetch"} == {"answer", "dropped"}


def test_settings_of_the_command_line_are_paths_and_yaml_values() -> None:
    assert parse_settings(["cpe.esp=aes128gcm16", "timeout=5", "cpe.psk='1'"]) == {
        "cpe.esp": "aes128gcm16",
        "timeout": 5,
        "cpe.psk": "1",
    }


def test_a_setting_without_a_value_is_refused() -> None:
    with pytest.raises(ScenarioError, match="expected PATH=VALUE"):
        parse_settings(["cpe.esp"])


def test_overrides_reach_the_cpe_and_the_lab_file() -> None:
    scenario = load(
        "basic", {"cpe": {"ike": "aes256-sha384-modp2048"}, "lab.remoteNetworks.0.region": "eastUS"}
    )
    assert scenario.settings("cpe").ike == "aes256-sha384-modp2048"
    assert scenario.lab["remoteNetworks"][0]["region"] == "eastUS"


def test_an_override_adds_a_section_that_the_file_leaves_out() -> None:
    assert load("basic", {"nodes.cpe.settings.psk": "wrong"}).settings("cpe").psk == "wrong"


def test_a_node_may_differ_from_the_settings_of_all_cpes() -> None:
    scenario = load("two-branches", {"nodes.south-cpe.settings": {"psk": "wrong"}})
    assert scenario.settings("south-cpe").psk == "wrong"
    assert scenario.settings("north-cpe").psk is None


def test_an_override_of_something_that_is_not_there_is_refused() -> None:
    with pytest.raises(ScenarioError, match="has no place for it"):
        load("basic", {"lab.remoteNetworks.7.region": "eastUS"})


def test_an_unknown_scenario_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ScenarioError, match="there are basic, nat-static"):
        load("bsic")


def fault(tmp_path: Path, text: str) -> list[str]:
    """The problems of basic.yaml after its first ``role: host`` was replaced by ``text``."""
    file = tmp_path / "mine.yaml"
    shipped = Path("gateway/lab/scenarios/basic.yaml").read_text()
    file.write_text(shipped.replace("role: host", text, 1))
    with pytest.raises(ScenarioError) as caught:
        load(str(file))
    return caught.value.problems


def test_a_scenario_file_of_ones_own_is_loaded_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(Path("gateway/lab/scenarios/basic.yaml").read_text())
    assert load(str(file)).name == "mine"


def test_an_unknown_property_is_named_with_its_line(tmp_path: Path) -> None:
    (problem,) = fault(tmp_path, "role: host\n    rolle: host")
    assert problem.endswith("mine.yaml:11: nodes.host.rolle: unknown property rolle")


def test_a_wrong_value_is_named_with_its_line(tmp_path: Path) -> None:
    (problem,) = fault(tmp_path, "role: hots")
    assert "mine.yaml:10: nodes.host.role: " in problem
    assert "'host'" in problem


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    assert len(fault(tmp_path, "role: hots\n    colour: blue")) == 2


def test_text_that_is_no_yaml_is_refused(tmp_path: Path) -> None:
    assert "not YAML" in fault(tmp_path, "role: [")[0]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="No such file"):
        load(str(tmp_path / "none.yaml"))


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        ({"nodes.host.default_via": "10.9.0.1"}, "goes by 10.9.0.1, which is on no link of host"),
        ({"traffic.0.from": "guest"}, "no node is called guest"),
        ({"nodes.cpe.tunnels": ["cpe-x"]}, "no node is called cpe-x"),
        ({"nodes.internet.role": "gateway"}, "exactly one node has the role gateway"),
        ({"links.0": {"host": "10.1.0.10/16"}}, "a link joins two nodes, this one names 1"),
        ({"traffic.0.fetch": "http://a/"}, "asks one of ping, resolve and fetch"),
        ({"nodes.cpe.announces": []}, "a cpe needs remote_network, device_link and announces"),
    ],
)
def test_a_contradiction_between_parts_is_refused(overrides: dict[str, object], problem: str) -> None:
    with pytest.raises(ScenarioError, match=problem):
        load("basic", overrides)
