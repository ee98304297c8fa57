"""The address ranges of the traffic profiles."""

from importlib.resources import files
from ipaddress import IPv4Address, IPv4Network, collapse_addresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.profiles import ProfileName, prefixes

INTERNET = prefixes("internet")
ADDRESSES = st.integers(0, 2**32 - 1).map(IPv4Address)


def holds(ranges: tuple[IPv4Network, ...], address: IPv4Address | str) -> bool:
    return any(IPv4Address(address) in prefix for prefix in ranges)


def special() -> list[IPv4Network]:
    lines = (files("gateway") / "data" / "special_purpose.txt").read_text().splitlines()
    return [IPv4Network(line.split()[0]) for line in lines if not line.startswith("#")]


def test_microsoft_is_the_published_list_of_25_prefixes() -> None:
    microsoft = prefixes("microsoft")
    assert len(microsoft) == len(set(microsoft)) == 25
    assert {
        IPv4Network("13.107.6.152/31"),
        IPv4Network("40.96.0.0/13"),
        IPv4Network("204.79.197.215/32"),
    } < set(microsoft)


def test_internet_is_exactly_what_is_not_special() -> None:
    together = collapse_addresses([*INTERNET, *special()])
    assert list(together) == [IPv4Network("0.0.0.0/0")]
    assert not any(prefix.overlaps(hole) for prefix in INTERNET for hole in special())


def test_internet_is_as_few_prefixes_as_possible_and_never_a_default_route() -> None:
    assert list(INTERNET) == list(collapse_addresses(INTERNET))
    assert IPv4Network("0.0.0.0/0") not in INTERNET


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "20.190.128.1", "198.17.255.255", "223.255.255.255"]
)
def test_internet_holds_public_addresses(address: str) -> None:
    assert holds(INTERNET, address)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "0.0.0.1",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "172.16.0.1",
            "192.0.0.9",
            "192.0.2.1",
        ),
        *(
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.5",
            "240.0.0.1",
        ),
        "255.255.255.255",
    ],
)
def test_internet_leaves_special_addresses_out(address: str) -> None:
    assert not holds(INTERNET, address)


def test_every_special_range_has_its_reason() -> None:
    lines = (files("gateway") / "data" / "special_purpose.txt").read_text().splitlines()
    assert all("RFC" in line for line in lines if not line.startswith("#"))


@pytest.mark.parametrize("profile", ["microsoft", "internet"])
@given(address=ADDRESSES, endpoint=ADDRESSES)
def test_an_excluded_address_leaves_a_hole_of_one_address(
    profile: ProfileName, address: IPv4Address, endpoint: IPv4Address
) -> None:
    holed = prefixes(profile, exclude=[endpoint])
    assert not holds(holed, endpoint)
    if address != endpoint:
        assert holds(holed, address) == holds(prefixes(profile), address)


def test_an_included_address_is_covered_even_in_a_special_range() -> None:
    assert holds(prefixes("internet", include=["198.51.100.20"]), "198.51.100.20")
    assert not holds(prefixes("internet", include=["198.51.100.20"]), "198.51.100.21")
