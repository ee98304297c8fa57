"""Documents of Microsoft Graph are lab files as they are, alone and together."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.model import LabFile, LabFileError, connectivity_configuration, load, tunnels
from gateway.model.routes import profiles_in_force
from tests.gateway.model.conftest import lab, link

GRAPH = Path(__file__).parent / "graph"
VIEW = GRAPH / "connectivity-configuration.json"


def graph(*names: str, psk: str | None = None) -> LabFile:
    return load([GRAPH / f"{name}.json" for name in names], psk=psk)


@pytest.mark.parametrize("path", sorted(GRAPH.glob("*.json")), ids=lambda path: str(path.stem))
def test_every_example_of_the_documentation_loads_as_it_is(path: Path) -> None:
    assert all(problem.severity == "warning" for problem in load([path]).warnings)


def test_a_collection_of_remote_networks(tmp_path: Path) -> None:
    del tmp_path
    loaded = graph("remote-networks")
    [network] = loaded.remote_networks
    assert network.id == "dc6a7efd-6b2b-4c6a-84e7-5dcf97e62e04"
    assert [link.name for link in network.device_links] == ["name"]
    assert [(p.path, p.saw) for p in loaded.warnings] == [("value[0].forwardingProfiles[0]", "profile m365")]


def test_a_single_remote_network_is_the_same_as_in_its_collection() -> None:
    assert graph("remote-network").remote_networks == graph("remote-networks").remote_networks


def test_a_custom_policy_of_graph() -> None:
    first, second = tunnels(graph("create-device-link-custom"), ["198.51.100.20", "198.51.100.21"])
    assert first.psk == second.psk == b"SHAREDKEY"
    assert first.policy.child_lifetime == 300
    assert first.policy.ike_suites[0].text == "AES_CBC-128 / HMAC_SHA2_256 / HMAC_SHA2_256_128 / ECP_384"


def test_a_reference_to_a_profile_is_resolved_by_the_export_of_the_profiles() -> None:
    loaded = graph("create-remote-network", "forwarding-profiles")
    assert profiles_in_force(loaded, loaded.remote_networks[0]) == ("microsoft",)
    assert loaded.warnings == ()


def test_a_connectivity_configuration_alone_is_a_lab_with_default_policy_and_no_key() -> None:
    loaded = graph("connectivity-configuration")
    [network] = loaded.remote_networks
    assert (network.name, network.region) == ("Abhijeet Azure VNG", "westUS")
    with pytest.raises(LabFileError, match="a tunnel needs a pre-shared key"):
        tunnels(loaded)


def test_a_connectivity_configuration_with_a_key_is_ready_to_run() -> None:
    first, second = tunnels(graph("connectivity-configuration", psk="test123"))
    assert (str(first.endpoint), str(second.endpoint)) == ("20.245.111.21", "20.245.111.77")
    assert (str(first.local_bgp), str(second.local_bgp)) == ("192.168.1.2", "192.168.1.3")
    assert (str(first.peer_address), str(first.peer_bgp), first.peer_asn) == (
        "20.172.65.16",
        "10.0.2.5",
        65533,
    )
    assert first.psk == b"test123"
    assert len(first.policy.ike_suites) == 8


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_device_links_and_connectivity_configuration_join_by_id(order: tuple[int, int]) -> None:
    names = ("device-links", "connectivity-configuration")
    loaded = graph(*(names[n] for n in order))
    [network] = loaded.remote_networks
    assert [tunnel.psk for tunnel in tunnels(loaded)] == [b"test123", b"test123"]
    assert network.name == "Abhijeet Azure VNG"


def test_a_connectivity_configuration_joins_a_hand_written_network_by_name(tmp_path: Path) -> None:
    plain = lab(
        link(
            "bgpConfiguration",
            {"localIpAddress": "192.168.1.2", "peerIpAddress": "10.0.2.5", "asn": 65533},
            name="VNG",
            ipAddress="20.172.65.16",
            redundancyConfiguration={"redundancyTier": "zoneRedundancy", "zoneLocalIpAddress": "192.168.1.3"},
        ),
        name="Abhijeet Azure VNG",
    )
    path = tmp_path / "lab.yaml"
    path.write_text(json.dumps(plain))
    loaded = load([path, VIEW])
    assert loaded.warnings == ()
    assert [str(t.endpoint) for t in tunnels(loaded)] == ["20.245.111.21", "20.245.111.77"]


def test_an_inline_connectivity_configuration_pins_too(tmp_path: Path) -> None:
    view = json.loads(VIEW.read_text())
    plain = lab(link("name", "VNG"), connectivityConfiguration=view)
    path = tmp_path / "lab.yaml"
    path.write_text(json.dumps(plain))
    [tunnel] = tunnels(load([path]))
    assert str(tunnel.endpoint) == "20.245.111.21"


def test_a_link_that_stands_alone_goes_to_the_only_remote_network() -> None:
    loaded = graph("create-remote-network", "create-device-link-default")
    [network] = loaded.remote_networks
    assert [link.name for link in network.device_links] == ["CPE1", "CPE3"]


def test_a_link_that_stands_alone_beside_two_remote_networks_is_refused() -> None:
    with pytest.raises(LabFileError, match="not said which remote network"):
        graph("create-remote-network", "remote-network", "create-device-link-default")


def test_a_problem_of_a_joined_link_names_its_own_file(tmp_path: Path) -> None:
    plain: dict[str, Any] = link("bgpConfiguration.asn", 65517)
    path = tmp_path / "link.json"
    path.write_text(json.dumps(plain))
    with pytest.raises(LabFileError) as caught:
        load([GRAPH / "create-remote-network.json", path])
    [problem] = [p for p in caught.value.problems if p.severity == "error"]
    assert (problem.file, problem.path) == (str(path), "bgpConfiguration.asn")


def test_one_remote_network_in_two_files_is_refused() -> None:
    with pytest.raises(LabFileError, match="is unique"):
        graph("remote-network", "remote-networks")


def test_the_gateway_section_stands_in_one_file(tmp_path: Path) -> None:
    paths = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    for path in paths:
        path.write_text("gateway: {endpoints: [198.51.100.20]}\n")
    with pytest.raises(LabFileError, match="one file of a lab has the gateway section"):
        load(paths)


def test_problems_of_all_files_are_reported_together(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("gatway: {}\n")
    with pytest.raises(LabFileError) as caught:
        load([path, tmp_path / "none.yaml"])
    assert [p.saw for p in caught.value.problems if p.severity == "error"] == ["gatway", "no such file"]


def test_a_key_from_outside_serves_only_links_without_one() -> None:
    assert [t.psk for t in tunnels(graph("remote-network", psk="other"), ["198.51.100.20"])] == [b"dcf"]


def test_the_view_configuration_is_graphs_byte_for_byte() -> None:
    loaded = graph("device-links", "connectivity-configuration")
    shown = connectivity_configuration(loaded, loaded.remote_networks[0])
    assert json.dumps(shown, indent=2) + "\n" == VIEW.read_text()


def test_the_view_configuration_shows_advertised_addresses(tmp_path: Path) -> None:
    settings = {"endpoints": ["10.0.0.5"], "advertise": {"10.0.0.5": "203.0.113.5"}}
    path = tmp_path / "lab.yaml"
    path.write_text(json.dumps(lab() | {"gateway": settings}))
    loaded = load([path])
    shown = connectivity_configuration(loaded, loaded.remote_networks[0])
    assert [local["endpoint"] for local in shown["links"][0]["localConfigurations"]] == ["203.0.113.5"]


def test_ids_that_are_left_out_are_made_from_the_names(tmp_path: Path) -> None:
    path = tmp_path / "lab.yaml"
    path.write_text(json.dumps(lab()))
    first, again = load([path]).remote_networks[0], load([path]).remote_networks[0]
    assert first.id == again.id
    assert first.device_links[0].id == again.device_links[0].id
    assert first.id != first.device_links[0].id
