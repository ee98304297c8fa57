"""Scenario files: those that are shipped, changes from the command line, and faults."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.diagnosis.rules import RULES
from gateway.lab.scenario import ScenarioError, dump_yaml, failures, healthy, load, names, parse_settings
from gateway.model import load as load_lab
from gateway.model import tunnels
from tests.support.runner import CHECKOUT


def test_basic_comes_first_in_the_list_and_failures_come_last() -> None:
    assert names()[0] == "basic"
    assert names() == [*healthy(), *failures()]
    assert "psk-mismatch" in failures()


@pytest.mark.parametrize("name", names())
def test_a_shipped_scenario_is_sound_and_its_lab_file_keeps_every_rule(name: str, tmp_path: Path) -> None:
    scenario = load(name)
    file = tmp_path / "lab.yaml"
    file.write_text(dump_yaml(scenario.lab))
    lab = load_lab([file])
    # Two CPEs of one link, which is a mistake, share its tunnels.
    carriers = {
        (part.remote_network, part.device_link): len(part.tunnels or [cpe])
        for cpe, part in scenario.cpes().items()
    }
    assert len(tunnels(lab)) == sum(carriers.values())
    assert lab.warnings == () or scenario.is_failure


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


def test_an_unknown_scenario_is_answered_with_those_near_it() -> None:
    with pytest.raises(ScenarioError, match="near it are basic"):
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


# Failure scenarios

FAILURE = """\
title: A test
extends: basic
about: Something to learn.
wrong:
  what: Another key.
  set: {cpe.psk: wrong}
  edits:
    - {node: cpe, file: swanctl.conf, replace: "mobike = no", by: "mobike = yes"}
  commands:
    - {node: internet, run: [ip, link], when: up}
expect: [GSA-IKE-020]
fix:
  what: The right key.
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], str]:
    """Writes a scenario file and returns its path."""

    def written(text: str) -> str:
        file = tmp_path / "mine.yaml"
        file.write_text(text)
        return str(file)

    return written


def test_a_scenario_that_extends_another_has_its_nodes_links_and_lab_file(
    write: Callable[[str], str],
) -> None:
    scenario, base = load(write(FAILURE)), load("basic")
    assert (scenario.nodes, scenario.links, scenario.lab) == (base.nodes, base.links, base.lab)
    assert (scenario.name, scenario.title) == ("mine", "A test")


def test_what_a_scenario_says_itself_goes_before_what_it_extends(write: Callable[[str], str]) -> None:
    scenario = load(write(FAILURE + "timeout: 7\ncpe: {esp: aes128gcm16}\n"))
    assert (scenario.timeout, scenario.cpe.esp, scenario.cpe.ike) == (7, "aes128gcm16", load("basic").cpe.ike)


def test_the_mistake_is_set_and_the_fix_undoes_it(write: Callable[[str], str]) -> None:
    path = write(FAILURE)
    wrong, right = load(path), load(path, fixed=True)
    assert (wrong.cpe.psk, right.cpe.psk) == ("wrong", None)
    assert (wrong.is_failure, right.is_failure) == (True, False)
    assert wrong.mistake is not None
    assert right.mistake is None


def test_a_fix_on_the_other_side_keeps_the_mistake_and_adapts_to_it(write: Callable[[str], str]) -> None:
    link = "lab.remoteNetworks.0.deviceLinks.0.tunnelConfiguration.preSharedKey"
    right = load(write(f"{FAILURE}  keep: true\n  set: {{{link}: wrong}}\n"), fixed=True)
    tunnel = right.lab["remoteNetworks"][0]["deviceLinks"][0]["tunnelConfiguration"]
    assert (right.cpe.psk, tunnel["preSharedKey"]) == ("wrong", "wrong")
    assert right.mistake == right.wrong


def test_the_command_line_goes_before_the_mistake(write: Callable[[str], str]) -> None:
    assert load(write(FAILURE), {"cpe.psk": "typed"}).cpe.psk == "typed"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("expect: [GSA-IKE-020]", "", "a failure scenario has wrong, expect and fix"),
        ("extends: basic", "extends: nothing", "extends: no other scenario is called nothing"),
        ("node: internet", "node: isp", "wrong.commands: no node is called isp"),
        ("file: swanctl.conf", "file: swan.conf", "wrong.edits.0.file"),
        ("{node: cpe, file: sw", "{node: internet, file: sw", "internet has no swanctl.conf: cpe has"),
        ("GSA-IKE-020", "IKE-20", "expect.0"),
        ("cpe.psk: wrong", "cpe.psq: wrong", "unknown property psq"),
    ],
)
def test_faults_of_a_failure_scenario_are_named(
    old: str, new: str, problem: str, write: Callable[[str], str]
) -> None:
    with pytest.raises(ScenarioError, match=re.escape(problem)):
        load(write(FAILURE.replace(old, new)))


def test_the_example_and_its_copy_in_the_documentation_are_the_same_failure_scenario() -> None:
    example = (CHECKOUT / "examples/scenarios/failure.yaml").read_text()
    shown = (CHECKOUT / "docs/lab-scenarios.md").read_text().split("```yaml\n")[1].split("```")[0]
    title, _, rest = shown.partition("about: >")
    assert title in example
    assert rest.partition("\n\n")[2] in example
    assert load(str(CHECKOUT / "examples/scenarios/failure.yaml")).is_failure


@pytest.mark.parametrize("name", failures())
def test_a_failure_scenario_teaches_and_its_codes_are_in_the_catalogue(name: str) -> None:
    scenario = load(name)
    assert scenario.wrong is not None
    assert scenario.fix is not None
    assert len(scenario.about.split()) > 40
    assert set(scenario.expect) <= {rule.code for rule in RULES}
    load(name, fixed=True)


# A probe as the CPE

PROBE = (
    FAILURE.replace("set: {cpe.psk: wrong}", "set: {cpe.probe.esp: [{ENCR: AES_GCM_16}]}")
    .replace('    - {node: cpe, file: swanctl.conf, replace: "mobike = no", by: "mobike = yes"}\n', "")
    .replace("  edits:\n", "")
)


def test_a_probe_offers_what_is_written_and_for_the_rest_what_the_default_policy_takes(
    write: Callable[[str], str],
) -> None:
    scenario = load(write(PROBE))
    probe = scenario.settings("cpe").probe
    assert probe is not None
    assert probe.esp == [{"ENCR": "AES_GCM_16"}]
    assert probe.ike == [{"ENCR": "AES_GCM_16-256", "PRF": "HMAC_SHA2_384", "DH": "MODP_2048"}]
    assert scenario.topology().nodes["cpe"].probe


def test_without_the_mistake_the_cpe_is_no_probe(write: Callable[[str], str]) -> None:
    scenario = load(write(PROBE), fixed=True)
    assert scenario.settings("cpe").probe is None
    assert not scenario.topology().nodes["cpe"].probe


def test_a_fix_that_keeps_the_probe_is_refused(write: Callable[[str], str]) -> None:
    path = write(f"{PROBE}  keep: true\n")
    with pytest.raises(ScenarioError, match=r"cpe is a probe, .* after its fix: set cpe.probe to null there"):
        load(path, fixed=True)
    load(write(f"{PROBE}  keep: true\n  set: {{cpe.probe: null}}\n"), fixed=True)


def test_a_scenario_that_works_has_no_probe() -> None:
    with pytest.raises(
        ScenarioError, match="cpe is a probe, which speaks no BGP, so the scenario cannot work"
    ):
        load("basic", {"cpe.probe": {}})


@pytest.mark.parametrize(
    ("probe", "problem"),
    [
        ({"esp": [{"ENCR": "AES"}]}, r"cpe.probe.esp.0: .*ENCR has no transform AES: "),
        ({"esp": []}, "cpe.probe.esp"),
        ({"ike": [{"ENCR": "AES_GCM_16-256"}]}, "cpe: probe.ike offers no DH group"),
        ({"ikev1": True}, "unknown property ikev1"),
    ],
)
def test_a_fault_in_what_a_probe_offers_is_named(
    probe: dict[str, object], problem: str, write: Callable[[str], str]
) -> None:
    with pytest.raises(ScenarioError, match=problem):
        load(write(PROBE), {"cpe.probe": probe})


def test_an_edit_of_a_file_that_a_probe_does_not_have_is_refused(write: Callable[[str], str]) -> None:
    edit = "  edits: [{node: cpe, file: bird.conf, replace: a, by: b}]\n"
    with pytest.raises(ScenarioError, match=r"cpe has no bird\.conf: no node has"):
        load(write(PROBE.replace("  commands:", edit + "  commands:")))
