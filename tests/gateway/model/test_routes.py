"""What the associated profiles mean: routes that are advertised, traffic that is carried."""

from ipaddress import IPv4Address
from typing import Any

import pytest

from gateway.model import LabFile, advertised, covered
from gateway.model.profiles import prefixes
from gateway.model.routes import profiles_in_force
from tests.gateway.model.conftest import Load, Problems, lab

MICROSOFT_HOST = IPv4Address("20.190.128.1")
PROFILE = {"id": "p1", "trafficForwardingType": "m365", "state": "enabled"}


def in_force(loaded: LabFile) -> tuple[str, ...]:
    return profiles_in_force(loaded, loaded.remote_networks[0])


def with_profiles(*profiles: Any, **rest: Any) -> dict[str, Any]:
    return lab(forwardingProfiles=list(profiles)) | rest


@pytest.mark.parametrize(
    ("written", "names"),
    [
        (["microsoft"], ("microsoft",)),
        (["internet"], ("internet",)),
        (["internet", "microsoft"], ("microsoft", "internet")),
        ([{"trafficForwardingType": "m365"}], ("microsoft",)),
        ([{"trafficForwardingType": "internet", "state": "enabled"}], ("internet",)),
        ([{"trafficForwardingType": "internet", "state": "disabled"}], ()),
        ([{"trafficForwardingType": "private"}], ()),
        ([], ()),
    ],
)
def test_a_profile_counts_when_it_is_associated_and_enabled(
    load_lab: Load, written: list[Any], names: tuple[str, ...]
) -> None:
    assert in_force(load_lab(with_profiles(*written))) == names


def test_a_reference_takes_the_tenants_profile(load_lab: Load) -> None:
    assert in_force(load_lab(with_profiles({"id": "p1"}, forwardingProfiles=[PROFILE]))) == ("microsoft",)


def test_a_reference_to_a_disabled_profile_counts_for_nothing(load_lab: Load) -> None:
    plain = with_profiles({"id": "p1"}, forwardingProfiles=[PROFILE | {"state": "disabled"}])
    assert in_force(load_lab(plain)) == ()


def test_a_profile_may_name_its_remote_networks_itself(load_lab: Load) -> None:
    profile = PROFILE | {"associations": [{"branchId": "n1"}]}
    assert in_force(load_lab(lab(id="n1", forwardingProfiles=[]) | {"forwardingProfiles": [profile]})) == (
        "microsoft",
    )
    assert in_force(load_lab(lab(id="n2", forwardingProfiles=[]) | {"forwardingProfiles": [profile]})) == ()


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ([], "without an associated traffic profile"),
        ([{"id": "unknown"}], "not in the lab"),
        ([{"trafficForwardingType": "private"}], "not available for remote networks"),
        ([{"trafficForwardingType": "m365", "state": "disabled"}], "a disabled profile"),
    ],
)
def test_a_profile_that_advertises_nothing_is_warned_about(
    problems: Problems, written: list[Any], rule: str
) -> None:
    [problem] = problems(with_profiles(*written))
    assert problem.severity == "warning"
    assert rule in problem.rule


def test_an_unknown_short_name_is_refused(problems: Problems) -> None:
    [problem] = problems(with_profiles("m365"))
    assert (problem.severity, problem.path) == ("error", "remoteNetworks[0].forwardingProfiles[0]")


def routes(
    load_lab: Load, *profiles: str, endpoint: str = "20.1.1.1", **settings: Any
) -> tuple[set[Any], dict[Any, Any]]:
    loaded = load_lab(with_profiles(*profiles, gateway=settings))
    network = loaded.remote_networks[0]
    ends = [IPv4Address(endpoint)]
    return set(advertised(loaded, network, ends)), covered(loaded, network, ends)


def holds(ranges: Any, address: IPv4Address | str) -> bool:
    return any(IPv4Address(address) in prefix for prefix in ranges)


def test_microsoft_alone_advertises_and_carries_the_25_prefixes(load_lab: Load) -> None:
    told, carried = routes(load_lab, "microsoft")
    assert told == set(prefixes("microsoft"))
    assert carried == {"microsoft": prefixes("microsoft")}


def test_internet_alone_advertises_microsofts_ranges_and_drops_their_traffic(load_lab: Load) -> None:
    told, carried = routes(load_lab, "internet")
    assert holds(told, MICROSOFT_HOST)
    assert list(carried) == ["internet"]
    assert not holds(carried["internet"], MICROSOFT_HOST)
    assert holds(carried["internet"], "1.1.1.1")


def test_both_profiles_advertise_the_union_and_microsoft_comes_first(load_lab: Load) -> None:
    told, carried = routes(load_lab, "internet", "microsoft")
    assert told == {*carried["microsoft"], *carried["internet"]}
    assert list(carried) == ["microsoft", "internet"]
    assert holds(carried["microsoft"], MICROSOFT_HOST)


def test_no_profile_advertises_and_carries_nothing(load_lab: Load) -> None:
    assert routes(load_lab) == (set(), {})


@pytest.mark.parametrize("endpoint", ["20.1.1.1", "20.190.128.1"])
def test_the_endpoint_is_not_covered(load_lab: Load, endpoint: str) -> None:
    told, carried = routes(load_lab, "microsoft", "internet", endpoint=endpoint)
    assert not holds(told, endpoint)
    assert not any(holds(ranges, endpoint) for ranges in carried.values())


@pytest.mark.parametrize("endpoint", ["20.1.1.1", "198.51.100.20"])
def test_with_the_switch_the_internet_profile_covers_the_endpoint(load_lab: Load, endpoint: str) -> None:
    told, _ = routes(load_lab, "internet", endpoint=endpoint, advertiseEndpoint=True)
    assert holds(told, endpoint)
