"""Which profile covers a destination, and which address a name gets."""

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.coverage import Coverage, CoveredProfile


def profile(name: str, *prefixes: str) -> CoveredProfile:
    return CoveredProfile(name=name, prefixes=tuple(map(IPv4Network, prefixes)))


BOTH = Coverage(
    [
        profile("microsoft", "52.96.0.0/14", "13.107.6.152/31", "40.0.0.0/8"),
        profile("internet", "52.0.0.0/8", "13.107.6.152/31", "40.96.0.0/13"),
    ]
)


def test_the_longest_prefix_names_the_profile() -> None:
    match = BOTH.match(IPv4Address("52.97.1.1"))
    assert match is not None
    assert (match.profile, str(match.prefix)) == ("microsoft", "52.96.0.0/14")


def test_a_longer_prefix_of_the_internet_profile_beats_microsoft() -> None:
    match = BOTH.match(IPv4Address("40.97.0.1"))
    assert match is not None
    assert (match.profile, str(match.prefix)) == ("internet", "40.96.0.0/13")


@pytest.mark.parametrize("names", [("microsoft", "internet"), ("internet", "microsoft")])
def test_microsoft_wins_on_equal_prefixes_in_whatever_order(names: tuple[str, str]) -> None:
    match = Coverage([profile(name, "13.107.6.152/31") for name in names]).match(IPv4Address("13.107.6.153"))
    assert match is not None
    assert match.profile == "microsoft"


def test_a_destination_outside_has_no_match() -> None:
    assert BOTH.match(IPv4Address("192.0.2.80")) is None


def test_a_default_route_covers_everything() -> None:
    match = Coverage([profile("internet", "0.0.0.0/0")]).match(IPv4Address("192.0.2.80"))
    assert match is not None
    assert str(match.prefix) == "0.0.0.0/0"


def test_covered_prefixes_are_the_union_without_overlaps() -> None:
    assert list(map(str, BOTH.prefixes)) == ["13.107.6.152/31", "40.0.0.0/8", "52.0.0.0/8"]


def test_the_same_name_has_the_same_address_whatever_its_case() -> None:
    again = Coverage([profile("internet", "52.0.0.0/8", "13.107.6.152/31", "40.0.0.0/8")])
    assert BOTH.address_for("Outlook.Office.com") == again.address_for("outlook.office.com")


def test_different_names_have_different_addresses() -> None:
    addresses = {BOTH.address_for(f"host{number}.example") for number in range(100)}
    assert len(addresses) == 100


@given(st.text(max_size=80))
def test_every_name_gets_a_covered_address_that_looks_like_a_host(name: str) -> None:
    address = BOTH.address_for(name)
    assert address is not None
    assert BOTH.match(address) is not None
    assert int(address) % 256 not in {0, 255}


def test_a_single_covered_address_is_given_even_if_it_ends_in_zero() -> None:
    assert Coverage([profile("internet", "1.2.3.0/32")]).address_for("x") == IPv4Address("1.2.3.0")


def test_nothing_covered_gives_no_address() -> None:
    assert Coverage([]).address_for("example.com") is None


@given(
    st.integers(0, 2**32 - 1), st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)), max_size=20)
)
def test_match_agrees_with_trying_every_prefix(number: int, pairs: list[tuple[int, int]]) -> None:
    prefixes = [IPv4Network((base, length), strict=False) for base, length in pairs]
    address = IPv4Address(number)
    expected = max((prefix.prefixlen for prefix in prefixes if address in prefix), default=None)
    match = Coverage([CoveredProfile(name="internet", prefixes=tuple(prefixes))]).match(address)
    assert (None if match is None else match.prefix.prefixlen) == expected
