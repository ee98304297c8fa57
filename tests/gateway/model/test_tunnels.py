"""The lab flattened: names, endpoints, keys, addresses of every tunnel."""

from ipaddress import IPv4Address
from typing import Any

import pytest

from gateway.model import LabFileError, listening_addresses, tunnels
from gateway.model.endpoints import assign_endpoints
from tests.gateway.model.conftest import Load, lab, link

ONE, TWO, THREE = (f"198.51.100.{n}" for n in (20, 21, 22))


def zone_link(**members: Any) -> dict[str, Any]:
    redundancy = {"redundancyTier": "zoneRedundancy", "zoneLocalIpAddress": "10.2.0.5"}
    return link("redundancyConfiguration", redundancy, **members)


def second(address: str) -> dict[str, Any]:
    return link("bgpConfiguration.peerIpAddress", "10.1.0.5", name="cpe2", ipAddress=address)


def gateway(*endpoints: str, **settings: Any) -> dict[str, Any]:
    return {"gateway": {"endpoints": list(endpoints), **settings}}


def view(*pinned: tuple[str, str], name: str = "branch1") -> dict[str, Any]:
    """A connectivity configuration that pins links to endpoints."""
    links = [
        {
            "displayName": link_name,
            "localConfigurations": [{"endpoint": e, "bgpAddress": "10.2.0.4"} for e in endpoints.split()],
            "peerConfiguration": {"endpoint": "198.51.100.10", "asn": 65001, "bgpAddress": "10.1.0.4"},
        }
        for link_name, endpoints in pinned
    ]
    return {"connectivityConfigurations": [{"remoteNetworkName": name, "links": links}]}


def ends(load_lab: Load, plain: dict[str, Any], found: list[str] | None = None) -> list[tuple[str, str]]:
    return [(t.name, str(t.endpoint)) for t in tunnels(load_lab(plain), found or [])]


def test_a_link_is_one_tunnel(load_lab: Load) -> None:
    [tunnel] = tunnels(load_lab(lab() | gateway(ONE)))
    assert tunnel.name == "branch1/cpe1/0"
    assert (tunnel.remote_network, tunnel.link, tunnel.index) == ("branch1", "cpe1", 0)
    assert (str(tunnel.endpoint), str(tunnel.peer_address)) == (ONE, "198.51.100.10")
    assert (str(tunnel.local_bgp), str(tunnel.peer_bgp)) == ("10.2.0.4", "10.1.0.4")
    assert (tunnel.local_asn, tunnel.peer_asn) == (65476, 65001)
    assert (tunnel.bandwidth_mbps, tunnel.region) == (250, "westEurope")
    assert tunnel.psk == b"correct horse"
    assert tunnel.peer_config.name == tunnel.name
    assert tunnel.peer_config.advertised_ip is None
    assert len(tunnel.policy.ike_suites) == 8


def test_a_zone_redundant_link_is_two_tunnels_to_two_endpoints(load_lab: Load) -> None:
    first, other = tunnels(load_lab(lab(zone_link()) | gateway(ONE, TWO)))
    assert (first.name, other.name) == ("branch1/cpe1/0", "branch1/cpe1/1")
    assert (str(first.endpoint), str(other.endpoint)) == (ONE, TWO)
    assert (str(first.local_bgp), str(other.local_bgp)) == ("10.2.0.4", "10.2.0.5")
    assert first.peer_address == other.peer_address


def test_the_second_tunnel_has_its_own_key_or_the_first(load_lab: Load) -> None:
    for extra, keys in (({}, [b"a", b"a"]), ({"zoneRedundancyPreSharedKey": "b"}, [b"a", b"b"])):
        plain = lab(zone_link(tunnelConfiguration={"preSharedKey": "a", **extra})) | gateway(ONE, TWO)
        assert [tunnel.psk for tunnel in tunnels(load_lab(plain))] == keys


def test_a_slash_in_a_links_name_does_not_break_the_tunnels_name(load_lab: Load) -> None:
    [tunnel] = tunnels(load_lab(lab(link("name", "a/b")) | gateway(ONE)))
    assert tunnel.name == "branch1/a%2Fb/0"


def test_a_key_is_octets_of_utf_8_and_in_no_repr(load_lab: Load) -> None:
    loaded = load_lab(lab(link("tunnelConfiguration.preSharedKey", "schlüssel")) | gateway(ONE))
    [tunnel] = tunnels(loaded)
    assert tunnel.psk == "schlüssel".encode()
    assert "schl" not in repr(tunnel)
    assert "schl" not in repr(loaded)


def test_links_take_the_endpoints_in_turn(load_lab: Load) -> None:
    plain = lab(link(), second("198.51.100.11")) | gateway(ONE, TWO)
    assert ends(load_lab, plain) == [("branch1/cpe1/0", ONE), ("branch1/cpe2/0", TWO)]


def test_links_of_different_cpes_share_an_endpoint_when_there_is_only_one(load_lab: Load) -> None:
    plain = lab(link(), second("198.51.100.11")) | gateway(ONE)
    assert ends(load_lab, plain) == [("branch1/cpe1/0", ONE), ("branch1/cpe2/0", ONE)]


def test_two_links_of_one_cpe_address_never_share_an_endpoint(load_lab: Load) -> None:
    with pytest.raises(LabFileError) as caught:
        load_lab(lab(link(), second("198.51.100.10")) | gateway(ONE))
    [problem] = caught.value.problems
    assert problem.path == "remoteNetworks[0].deviceLinks[1].ipAddress"
    assert problem.fix == "add an address below gateway.endpoints"


def test_the_gateways_addresses_serve_a_lab_file_without_endpoints(load_lab: Load) -> None:
    assert ends(load_lab, lab(), [THREE]) == [("branch1/cpe1/0", THREE)]
    assert ends(load_lab, lab() | gateway(ONE), [THREE]) == [("branch1/cpe1/0", ONE)]


def test_too_few_found_addresses_are_told_when_tunnels_are_built(load_lab: Load) -> None:
    loaded = load_lab(lab(zone_link()))
    with pytest.raises(LabFileError, match="different endpoints; the gateway has 1"):
        tunnels(loaded, [ONE])


def test_a_link_without_a_key_is_told_when_tunnels_are_built(load_lab: Load) -> None:
    loaded = load_lab(lab(link("tunnelConfiguration", {})) | gateway(ONE))
    with pytest.raises(LabFileError) as caught:
        tunnels(loaded)
    [problem] = caught.value.problems
    assert problem.path == "remoteNetworks[0].deviceLinks[0].tunnelConfiguration.preSharedKey"
    assert problem.severity == "error"
    assert "GSALAB_PSK" in problem.fix


def test_an_endpoint_behind_a_nat_is_advertised_by_its_public_address(load_lab: Load) -> None:
    [tunnel] = tunnels(load_lab(lab() | gateway(ONE, advertise={ONE: "203.0.113.5"})))
    assert (str(tunnel.endpoint), str(tunnel.advertised_endpoint)) == (ONE, "203.0.113.5")
    assert tunnel.peer_config.local_identity.text == "203.0.113.5 (ID_IPV4_ADDR)"


def test_a_connectivity_configuration_pins_the_endpoints_of_its_link(load_lab: Load) -> None:
    plain = lab(link(), second("198.51.100.10")) | gateway(ONE, TWO, THREE) | view(("cpe2", ONE))
    assert ends(load_lab, plain) == [("branch1/cpe1/0", TWO), ("branch1/cpe2/0", ONE)]


def test_a_pinned_public_address_stands_for_the_endpoint_behind_the_nat(load_lab: Load) -> None:
    plain = lab() | gateway(ONE, TWO, advertise={TWO: "20.1.1.1"}) | view(("cpe1", "20.1.1.1"))
    [tunnel] = tunnels(load_lab(plain))
    assert (str(tunnel.endpoint), str(tunnel.advertised_endpoint)) == (TWO, "20.1.1.1")


def test_two_tunnels_pinned_to_one_pair_of_addresses_are_refused(load_lab: Load) -> None:
    plain = lab(link(), second("198.51.100.10")) | view(("cpe1", ONE), ("cpe2", ONE))
    with pytest.raises(LabFileError) as caught:
        load_lab(plain)
    [problem] = [p for p in caught.value.problems if p.severity == "error"]
    assert "deviceLinks[0] has this pair too" in problem.rule


def test_a_pinned_endpoint_that_the_gateway_does_not_have_is_warned_about(load_lab: Load) -> None:
    [problem] = load_lab(lab() | gateway(ONE) | view(("cpe1", "20.1.1.1"))).warnings
    assert "not among gateway.endpoints" in problem.rule


def test_a_connectivity_configuration_that_differs_from_its_link_is_warned_about(load_lab: Load) -> None:
    [problem] = load_lab(lab(link("bgpConfiguration.asn", 65002)) | view(("cpe1", ONE))).warnings
    assert problem.saw == "bgpConfiguration.asn 65002"
    assert "shows 65001" in problem.rule


def test_a_link_that_its_connectivity_configuration_does_not_show_is_warned_about(load_lab: Load) -> None:
    [problem] = load_lab(lab() | view(("other", ONE))).warnings
    assert "does not show this link" in problem.rule


def test_the_listening_addresses_are_those_in_use_each_once(load_lab: Load) -> None:
    loaded = load_lab(lab(zone_link(), second("198.51.100.11")) | gateway(ONE, TWO, THREE))
    assert listening_addresses(assign_endpoints(loaded)) == tuple(map(IPv4Address, (ONE, TWO, THREE)))


def test_the_settings_of_fragments_reach_every_peer(load_lab: Load) -> None:
    [tunnel] = tunnels(load_lab(lab() | gateway(ONE, ike={"fragmentation": False, "fragmentSize": 1280})))
    assert not tunnel.peer_config.fragmentation
    assert tunnel.peer_config.fragment_size == 1280
