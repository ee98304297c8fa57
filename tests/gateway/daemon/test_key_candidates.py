"""The keys that are tried when a CPE fails to authenticate."""

from pathlib import Path

from gateway.daemon.key_candidates import candidate_keys
from gateway.model import Tunnel, load, tunnels

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def zone_redundant() -> list[Tunnel]:
    return tunnels(load([EXAMPLES / "zone-redundancy.yaml"]))


def test_the_other_tunnel_of_the_link_comes_first_and_is_called_by_its_name() -> None:
    first, second, *_ = pair = zone_redundant()
    found = candidate_keys(second, pair)[0]
    assert (found.psk, found.owner, found.hint) == (first.psk, first.name, f"the key of {first.name}")


def test_variants_of_the_own_key_have_no_owner() -> None:
    first, *_ = pair = zone_redundant()
    (quoted,) = [key for key in candidate_keys(first, pair) if key.hint == "in quotes"]
    assert (quoted.psk, quoted.owner) == (b'"' + first.psk + b'"', "")


def test_a_tunnel_with_the_same_key_proves_nothing_and_is_left_out() -> None:
    first, *_ = zone_redundant()
    assert not [key for key in candidate_keys(first, [first, first]) if key.owner]
