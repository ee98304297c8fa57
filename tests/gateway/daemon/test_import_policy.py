"""Which prefixes of a CPE are taken."""

from ipaddress import IPv4Network

import pytest

from gateway.daemon.import_policy import ImportPolicy, Refusal
from gateway.model.profiles import prefixes

MICROSOFT = ImportPolicy(prefixes("microsoft"))
INTERNET = ImportPolicy(prefixes("internet"))


def refusal(policy: ImportPolicy, prefix: str) -> Refusal | None:
    return policy.refusal(IPv4Network(prefix))


@pytest.mark.parametrize("policy", [MICROSOFT, INTERNET, ImportPolicy(())])
@pytest.mark.parametrize("prefix", ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1"])
def test_a_default_route_and_its_halves_are_refused_whatever_is_advertised(
    policy: ImportPolicy, prefix: str
) -> None:
    assert refusal(policy, prefix) is Refusal.DEFAULT_ROUTE


@pytest.mark.parametrize("policy", [MICROSOFT, INTERNET, ImportPolicy(())])
@pytest.mark.parametrize("prefix", ["10.1.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "192.168.1.0/24"])
def test_private_prefixes_are_taken(policy: ImportPolicy, prefix: str) -> None:
    assert refusal(policy, prefix) is None


@pytest.mark.parametrize(
    "prefix", ["52.96.0.0/14", "52.96.0.0/16", "52.99.255.0/24", "52.0.0.0/8", "0.0.0.0/2", "40.0.0.0/8"]
)
def test_what_is_covers_or_is_part_of_microsofts_ranges_is_refused(prefix: str) -> None:
    assert refusal(MICROSOFT, prefix) is Refusal.ADVERTISED


def test_a_public_prefix_of_the_branch_is_taken_inside_the_internet_profile() -> None:
    assert refusal(INTERNET, "93.184.215.0/24") is None


def test_what_covers_a_prefix_of_the_internet_profile_is_refused() -> None:
    assert refusal(INTERNET, "128.0.0.0/2") is Refusal.ADVERTISED


def test_prefixes_are_sorted_by_what_happens_to_them() -> None:
    announced = [IPv4Network(p) for p in ("10.1.0.0/16", "0.0.0.0/0", "52.96.0.0/14", "10.9.0.0/16")]
    taken, refused = MICROSOFT.sort(announced, (65001,))
    assert taken == (announced[0], announced[3])
    assert refused == {Refusal.DEFAULT_ROUTE: [announced[1]], Refusal.ADVERTISED: [announced[2]]}


@pytest.mark.parametrize("prefix", ["52.95.0.0/16", "52.127.0.0/16", "223.255.0.0/16"])
def test_what_lies_beside_microsofts_ranges_is_taken(prefix: str) -> None:
    assert refusal(MICROSOFT, prefix) is None


@pytest.mark.parametrize("as_path", [(65001, 65476), (65001, 65476, 65002)])
def test_a_route_whose_as_path_holds_our_own_number_is_left_out_whatever_its_prefix(
    as_path: tuple[int, ...],
) -> None:
    """RFC 4271 section 9.1.2: FRR announces what it learned from us back to us."""
    announced = [IPv4Network(p) for p in ("52.96.0.0/14", "10.1.0.0/16", "0.0.0.0/0")]
    assert MICROSOFT.sort(announced, as_path) == ((), {Refusal.OWN_AS: announced})


@pytest.mark.parametrize("prefix", ["224.0.0.0/4", "239.1.0.0/16", "240.0.0.0/4", "127.0.0.0/8", "0.0.0.0/8"])
def test_what_no_host_can_have_is_left_out(prefix: str) -> None:
    """RFC 4271 section 6.3: a semantically incorrect prefix is ignored, and the session goes on."""
    assert refusal(MICROSOFT, prefix) is Refusal.NOT_UNICAST
