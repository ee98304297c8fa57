"""Rules between resources: limits, uniqueness, addresses that would clash."""

from typing import Any

from tests.gateway.model.conftest import Problems, lab, link


def links(count: int) -> list[dict[str, Any]]:
    """Valid links that differ in name and addresses."""
    return [
        link(
            "bgpConfiguration.peerIpAddress",
            f"10.1.0.{n + 10}",
            name=f"cpe{n}",
            ipAddress=f"198.51.100.{n + 10}",
        )
        for n in range(count)
    ]


def networks(count: int) -> dict[str, Any]:
    return {"remoteNetworks": [lab(name=f"branch{n}")["remoteNetworks"][0] for n in range(count)]}


def errors(problems: Problems, plain: Any) -> list[tuple[str, str]]:
    return [(p.path, p.rule) for p in problems(plain) if p.severity == "error"]


def test_ten_remote_networks_are_accepted(problems: Problems) -> None:
    assert errors(problems, networks(10)) == []


def test_the_eleventh_remote_network_is_refused(problems: Problems) -> None:
    assert errors(problems, networks(11)) == [
        ("remoteNetworks[10]", "a tenant has at most 10 remote networks"),
    ]


def test_four_device_links_are_accepted(problems: Problems) -> None:
    assert errors(problems, lab(*links(4))) == []


def test_the_fifth_device_link_is_refused(problems: Problems) -> None:
    found = errors(problems, lab(*links(5)))
    assert found == [
        ("remoteNetworks[0].deviceLinks[4]", "a remote network has at most 4 device links"),
    ]


def test_names_of_remote_networks_are_unique(problems: Problems) -> None:
    plain = networks(2)
    plain["remoteNetworks"][1]["name"] = "branch0"
    [(path, rule)] = errors(problems, plain)
    assert path == "remoteNetworks[1].name"
    assert "remoteNetworks[0] has it too" in rule


def test_names_of_links_are_unique_in_their_remote_network(problems: Problems) -> None:
    first, second = links(2)
    [(path, _)] = errors(problems, lab(first, second | {"name": first["name"]}))
    assert path == "remoteNetworks[0].deviceLinks[1].name"


def test_links_of_two_remote_networks_may_share_name_and_bgp_addresses(problems: Problems) -> None:
    assert errors(problems, networks(2)) == []


def test_ids_are_unique_everywhere(problems: Problems) -> None:
    plain = networks(2)
    for network in plain["remoteNetworks"]:
        network["deviceLinks"][0]["id"] = "47aab2e9-7f5c-42ba-bbfc-1b049193126a"
    [(path, rule)] = errors(problems, plain)
    assert path == "remoteNetworks[1].deviceLinks[0].id"
    assert "unique" in rule


def test_uniqueness_is_checked_even_when_a_resource_is_invalid(problems: Problems) -> None:
    plain = networks(2)
    plain["remoteNetworks"][0]["region"] = "atlantis"
    plain["remoteNetworks"][1]["name"] = "branch0"
    paths = [path for path, _ in errors(problems, plain)]
    assert paths == ["remoteNetworks[0].region", "remoteNetworks[1].name"]


def test_two_bgp_sessions_of_a_remote_network_differ_in_an_address(problems: Problems) -> None:
    first, second = links(2)
    second["bgpConfiguration"] = first["bgpConfiguration"]
    [(path, rule)] = errors(problems, lab(first, second))
    assert path == "remoteNetworks[0].deviceLinks[1].bgpConfiguration.localIpAddress"
    assert "deviceLinks[0] has this pair too" in rule


def test_a_bgp_address_is_not_on_both_sides(problems: Problems) -> None:
    first, second = links(2)
    second["bgpConfiguration"]["peerIpAddress"] = first["bgpConfiguration"]["localIpAddress"]
    second["bgpConfiguration"]["localIpAddress"] = "10.2.0.99"
    [(path, rule)] = errors(problems, lab(first, second))
    assert path == "remoteNetworks[0].deviceLinks[1].bgpConfiguration"
    assert "not both" in rule


def test_the_device_ip_address_is_no_endpoint_of_ours(problems: Problems) -> None:
    plain = lab() | {"gateway": {"endpoints": ["198.51.100.10"]}}
    [(path, rule)] = errors(problems, plain)
    assert path == "remoteNetworks[0].deviceLinks[0].ipAddress"
    assert "not an endpoint" in rule


def test_a_remote_network_without_links_is_warned_about(problems: Problems) -> None:
    [problem] = problems(lab(deviceLinks=[]))
    assert (problem.severity, problem.path) == ("warning", "remoteNetworks[0].deviceLinks")


def test_a_lab_without_remote_networks_is_warned_about(problems: Problems) -> None:
    [problem] = problems({"gateway": {}})
    assert (problem.severity, problem.saw) == ("warning", "no remote network")
