"""The rules of the service for one remote network or device link, each broken once."""

from ipaddress import IPv4Address
from typing import Any

import pytest

from gateway.model.enums import BandwidthCapacity, DeviceVendor, Region
from tests.gateway.model.conftest import Load, Problems, custom, lab, link

LINK_PATH = "remoteNetworks[0].deviceLinks[0]"


def only(found: list[Any]) -> Any:
    assert len(found) == 1, found
    return found[0]


def error_at(problems: Problems, plain: Any, path: str) -> str:
    """The rule of the only problem, which is an error at ``path`` below the link."""
    problem = only(problems(plain))
    assert (problem.severity, problem.path) == ("error", f"{LINK_PATH}.{path}")
    assert problem.fix
    return str(problem.rule)


def test_the_lab_that_the_tests_break_is_valid(problems: Problems) -> None:
    assert problems(lab()) == []
    assert problems(lab(custom())) == []


# -- regions and vendors


@pytest.mark.parametrize("region", sorted(set(Region) - {Region.EAST_US_2}))
def test_every_documented_region_is_accepted(problems: Problems, region: str) -> None:
    assert problems(lab(region=region)) == []


def test_there_are_35_regions() -> None:
    assert len(Region) == 35


def test_eastus2_is_in_the_api_but_not_in_the_product_table(problems: Problems) -> None:
    problem = only(problems(lab(region="eastUS2")))
    assert (problem.severity, problem.path) == ("warning", "remoteNetworks[0].region")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("East US 2", "eastUS2"), ("westeurope", "westEurope"), ("wesEurope", "westEurope")],
)
def test_an_unknown_region_is_refused_with_the_nearest_one(
    problems: Problems, written: str, meant: str
) -> None:
    problem = only(problems(lab(region=written)))
    assert problem.severity == "error"
    assert problem.fix == f"write {meant}"


@pytest.mark.parametrize("vendor", DeviceVendor)
def test_every_device_vendor_is_accepted(problems: Problems, vendor: str) -> None:
    assert problems(lab(link("deviceVendor", vendor))) == []


def test_there_are_14_device_vendors_and_other() -> None:
    assert len(DeviceVendor) == 15


@pytest.mark.parametrize(
    "path", ["deviceVendor", "bandwidthCapacityInMbps", "redundancyConfiguration.redundancyTier"]
)
def test_unknown_future_value_is_refused(problems: Problems, path: str) -> None:
    assert "unknownFutureValue" in error_at(problems, lab(link(path, "unknownFutureValue")), path)


# -- ASN


@pytest.mark.parametrize("asn", [1, 899, 64495, 64512, 65001, 65475, 65477, 65515, 65516, 65521, 65534])
def test_a_two_byte_asn_is_accepted(problems: Problems, asn: int) -> None:
    assert problems(lab(link("bgpConfiguration.asn", asn))) == []


@pytest.mark.parametrize(
    ("asn", "reason"),
    [
        *((asn, "reserved by Azure") for asn in (12076, 65517, 65518, 65519, 65520, 8076, 8075)),
        *((asn, "IANA") for asn in (23456, 64496, 64503, 64511, 65535, 65536, 65551, 4294967295)),
        (65476, "Microsoft's own"),
        *((asn, "2-byte") for asn in (0, -1, 65552, 4200000000)),
        *((asn, "whole number") for asn in ("65001", 65001.5, True)),
    ],
)
def test_a_reserved_or_long_asn_is_refused_with_the_reason(
    problems: Problems, asn: object, reason: str
) -> None:
    plain = lab(link("bgpConfiguration.asn", asn))
    assert reason in error_at(problems, plain, "bgpConfiguration.asn")


# -- addresses


@pytest.mark.parametrize("address", ["0.0.0.1", "169.254.21.1", "10.0.0.1", "8.8.8.8", "240.0.0.1"])
def test_any_other_bgp_address_is_accepted(problems: Problems, address: str) -> None:
    assert problems(lab(link("bgpConfiguration.peerIpAddress", address))) == []


@pytest.mark.parametrize("member", ["localIpAddress", "peerIpAddress"])
@pytest.mark.parametrize(
    "address", [str(IPv4Address(0)), "127.0.0.1", "224.0.0.5", "239.255.255.255", "255.255.255.255"]
)
def test_a_bgp_address_is_no_special_one(problems: Problems, member: str, address: str) -> None:
    path = f"bgpConfiguration.{member}"
    assert "cannot be in" in error_at(problems, lab(link(path, address)), path)


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("10.1.0.4/30", "prefix length"),
        ("fe80::1", "IPv4 only"),
        ("10.1.0.256", "four numbers"),
        ("10.01.0.4", "four numbers"),
        ("", "four numbers"),
        (167837700, "is a text"),
    ],
)
def test_an_address_is_a_dotted_ipv4_address(problems: Problems, written: object, rule: str) -> None:
    path = "bgpConfiguration.peerIpAddress"
    assert rule in error_at(problems, lab(link(path, written)), path)


def test_local_and_peer_bgp_address_differ(problems: Problems) -> None:
    path = "bgpConfiguration.peerIpAddress"
    assert "two addresses" in error_at(problems, lab(link(path, "10.2.0.4")), path)


def test_local_and_peer_bgp_address_may_share_a_subnet(problems: Problems) -> None:
    assert problems(lab(link("bgpConfiguration.peerIpAddress", "10.2.0.5"))) == []


@pytest.mark.parametrize("address", ["0.1.2.3", "127.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"])
def test_the_device_ip_address_is_unicast(problems: Problems, address: str) -> None:
    assert "cannot be in" in error_at(problems, lab(link("ipAddress", address)), "ipAddress")


@pytest.mark.parametrize("address", ["10.0.0.1", "172.31.0.1", "192.168.1.2", "100.64.0.1", "169.254.0.1"])
def test_a_private_device_ip_address_is_warned_about(problems: Problems, address: str) -> None:
    problem = only(problems(lab(link("ipAddress", address))))
    assert problem.severity == "warning"
    assert "most common cause of failure" in problem.rule


@pytest.mark.parametrize("address", ["192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "20.1.1.1"])
def test_public_and_documentation_addresses_are_accepted(problems: Problems, address: str) -> None:
    assert problems(lab(link("ipAddress", address))) == []


# -- bandwidth and redundancy


@pytest.mark.parametrize("tier", [*BandwidthCapacity, 250, 500, 750, 1000])
def test_a_bandwidth_tier_is_written_as_in_graph_or_as_a_number(load_lab: Load, tier: str | int) -> None:
    loaded = load_lab(lab(link("bandwidthCapacityInMbps", tier)))
    capacity = loaded.remote_networks[0].device_links[0].bandwidth_capacity_in_mbps
    assert capacity is not None
    assert str(capacity.mbps) == str(tier).removeprefix("mbps")


@pytest.mark.parametrize("tier", [0, 300, "mbps300", "250"])
def test_another_bandwidth_is_refused(problems: Problems, tier: object) -> None:
    path = "bandwidthCapacityInMbps"
    assert error_at(problems, lab(link(path, tier)), path)


def zone(address: str | None, tier: str = "zoneRedundancy") -> dict[str, Any]:
    return link("redundancyConfiguration", {"redundancyTier": tier, "zoneLocalIpAddress": address})


def test_zone_redundancy_has_a_third_address(problems: Problems) -> None:
    assert problems(lab(zone("10.2.0.5"))) == []


@pytest.mark.parametrize("address", ["10.2.0.4", "10.1.0.4"])
def test_the_zone_address_differs_from_local_and_peer(problems: Problems, address: str) -> None:
    path = "redundancyConfiguration.zoneLocalIpAddress"
    assert "differs from" in error_at(problems, lab(zone(address)), path)


def test_zone_redundancy_needs_a_zone_address(problems: Problems) -> None:
    path = "redundancyConfiguration.zoneLocalIpAddress"
    assert "needs" in error_at(problems, lab(zone(None)), path)


def test_a_zone_address_needs_zone_redundancy(problems: Problems) -> None:
    path = "redundancyConfiguration.zoneLocalIpAddress"
    assert "only" in error_at(problems, lab(zone("10.2.0.5", "noRedundancy")), path)


# -- custom policy


@pytest.mark.parametrize(
    ("encryption", "integrity"),
    [(f"gcmAes{n}", f"gcmAes{n}") for n in (128, 192, 256)] + [("none", "sha256")],
)
def test_the_four_phase_2_pairs_are_accepted(problems: Problems, encryption: str, integrity: str) -> None:
    assert problems(lab(custom(ipSecEncryption=encryption, ipSecIntegrity=integrity))) == []


@pytest.mark.parametrize(
    ("encryption", "integrity"),
    [("gcmAes128", "gcmAes256"), ("gcmAes256", "sha256"), ("none", "gcmAes128")],
)
def test_another_phase_2_pair_is_refused_with_the_valid_ones(
    problems: Problems, encryption: str, integrity: str
) -> None:
    problem = only(problems(lab(custom(ipSecEncryption=encryption, ipSecIntegrity=integrity))))
    assert problem.path == f"{LINK_PATH}.tunnelConfiguration.ipSecIntegrity"
    assert "none/sha256" in problem.fix


@pytest.mark.parametrize("lifetime", [300, 301, 86400])
def test_an_sa_lifetime_of_300_seconds_or_more_is_accepted(problems: Problems, lifetime: int) -> None:
    assert problems(lab(custom(saLifeTimeSeconds=lifetime))) == []


@pytest.mark.parametrize("lifetime", [299, 0, -1, "3600", 3600.5, True])
def test_a_shorter_sa_lifetime_is_refused(problems: Problems, lifetime: object) -> None:
    path = "tunnelConfiguration.saLifeTimeSeconds"
    assert error_at(problems, lab(custom(saLifeTimeSeconds=lifetime)), path)


def test_an_sa_lifetime_over_a_day_is_warned_about(problems: Problems) -> None:
    assert only(problems(lab(custom(saLifeTimeSeconds=86401)))).severity == "warning"


def test_with_the_strict_switch_300_seconds_are_refused(problems: Problems) -> None:
    plain = lab(custom(saLifeTimeSeconds=300)) | {"gateway": {"strictSaLifetime": True}}
    assert "strictSaLifetime" in error_at(problems, plain, "tunnelConfiguration.saLifeTimeSeconds")


@pytest.mark.parametrize("integrity", ["gcmAes128", "gcmAes256"])
def test_cbc_with_a_gcm_integrity_is_accepted_with_a_warning(problems: Problems, integrity: str) -> None:
    problem = only(problems(lab(custom(ikeEncryption="aes256", ikeIntegrity=integrity))))
    assert problem.severity == "warning"
    assert "no proposal can match" in problem.rule


@pytest.mark.parametrize(
    "name", ["ikeEncryption", "ikeIntegrity", "dhGroup", "pfsGroup", "saLifeTimeSeconds"]
)
def test_a_custom_policy_is_complete(problems: Problems, name: str) -> None:
    plain = custom()
    del plain["tunnelConfiguration"][name]
    assert "required" in error_at(problems, lab(plain), f"tunnelConfiguration.{name}")


@pytest.mark.parametrize("name", ["ikeEncryption", "ikeIntegrity", "dhGroup", "pfsGroup", "ipSecEncryption"])
def test_an_algorithm_is_written_by_its_name_in_graph(problems: Problems, name: str) -> None:
    found = problems(lab(custom(**{name: 3})))
    assert "by its name" in found[0].rule
    found = problems(lab(custom(**{name: "unknownFutureValue"})))
    assert "unknownFutureValue" in found[0].rule


@pytest.mark.parametrize(
    ("name", "written", "meant"),
    [("dhGroup", "DHGroup14", "dhGroup14"), ("ikeEncryption", "GCMAES256", "gcmAes256")],
)
def test_the_portals_spelling_of_an_algorithm_gets_graphs(
    problems: Problems, name: str, written: str, meant: str
) -> None:
    assert only(problems(lab(custom(**{name: written})))).fix == f"write {meant}"


def test_an_unknown_tunnel_configuration_is_refused(problems: Problems) -> None:
    tunnel = {"@odata.type": "#microsoft.graph.networkaccess.tunnelConfigurationIKEv1", "preSharedKey": "x"}
    path = "tunnelConfiguration.@odata.type"
    assert "two tunnel configurations" in error_at(problems, lab(link("tunnelConfiguration", tunnel)), path)


# -- keys


def test_a_missing_key_is_a_warning(problems: Problems) -> None:
    for tunnel in ({}, {"preSharedKey": ""}, {"preSharedKey": None}):
        problem = only(problems(lab(link("tunnelConfiguration", tunnel))))
        assert (problem.severity, problem.rule) == ("warning", "a tunnel needs a pre-shared key")


def test_a_key_that_is_a_number_is_refused_without_showing_it(problems: Problems) -> None:
    problem = only(problems(lab(link("tunnelConfiguration", {"preSharedKey": 12345678}))))
    assert problem.fix == "put the value in quotes"
    assert "12345678" not in problem.render()


@pytest.mark.parametrize("key", ["schlüssel", "two\nlines", " end ", "x" * 129])
def test_a_key_that_azure_may_not_take_is_warned_about(problems: Problems, key: str) -> None:
    problem = only(problems(lab(link("tunnelConfiguration", {"preSharedKey": key}))))
    assert problem.severity == "warning"
    assert key not in problem.render()


def test_a_zone_key_without_zone_redundancy_is_warned_about(problems: Problems) -> None:
    tunnel = {"preSharedKey": "x", "zoneRedundancyPreSharedKey": "y"}
    assert only(problems(lab(link("tunnelConfiguration", tunnel)))).severity == "warning"


# -- required members and their kinds


@pytest.mark.parametrize("path", ["name", "ipAddress", "bgpConfiguration", "bgpConfiguration.asn"])
@pytest.mark.parametrize("how", ["missing", "null"])
def test_a_required_member_is_asked_for(problems: Problems, path: str, how: str) -> None:
    plain = link(path)
    if how == "missing":
        *parents, last = path.split(".")
        target: Any = plain
        for name in parents:
            target = target[name]
        del target[last]
    rule = error_at(problems, lab(plain), path)
    assert "required" in rule


@pytest.mark.parametrize("name", ["", "  ", "a\nb", 17])
def test_a_name_is_a_printable_text(problems: Problems, name: object) -> None:
    assert error_at(problems, lab(link("name", name)), "name")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("bgpConfiguration", "10.1.0.4"),
        ("tunnelConfiguration", ["x"]),
        ("redundancyConfiguration", "zoneRedundancy"),
    ],
)
def test_an_object_is_wanted_where_graph_has_one(problems: Problems, path: str, value: object) -> None:
    assert "an object is wanted" in error_at(problems, lab(link(path, value)), path)


@pytest.mark.parametrize("links", [{"name": "cpe1"}, "cpe1", 3])
def test_a_list_is_wanted_where_graph_has_one(problems: Problems, links: object) -> None:
    rules = [problem.rule for problem in problems(lab(deviceLinks=links))]
    assert "a list is wanted" in rules
