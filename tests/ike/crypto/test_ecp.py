"""Elliptic curves: Wycheproof's cases for points and values that must be refused, or must not."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from ike.constants import DhGroup
from ike.crypto.ecp import GROUPS, EcpKey, X25519Key, generate, public_length
from ike.crypto.errors import InvalidPublicKey

VECTORS = Path(__file__).parents[2] / "vectors"
P256 = json.loads((VECTORS / "wycheproof_ecdh_secp256r1.json").read_text())["tests"]
X25519 = json.loads((VECTORS / "wycheproof_x25519.json").read_text())["tests"]


def label(vector: dict[str, Any]) -> str:
    return f"{vector['tcId']} {vector['comment']}"


def p256_key(vector: dict[str, Any]) -> EcpKey:
    value = int(vector["private"], 16)
    key = generate(DhGroup.ECP_256, lambda octets: (value - 1).to_bytes(octets, "big"))
    assert isinstance(key, EcpKey)
    return key


def x25519_key(vector: dict[str, Any]) -> X25519Key:
    key = generate(DhGroup.CURVE25519, lambda _: bytes.fromhex(vector["private"]))
    assert isinstance(key, X25519Key)
    return key


@pytest.mark.parametrize("vector", [v for v in P256 if v["result"] == "valid"], ids=label)
def test_p256_edge_cases_give_the_right_secret(vector: dict[str, Any]) -> None:
    point = bytes.fromhex(vector["public"])[1:]  # a KE payload has no 04 in front (RFC 5903 section 7)
    assert p256_key(vector).shared(point) == bytes.fromhex(vector["shared"])


@pytest.mark.parametrize("vector", [v for v in P256 if v["result"] == "invalid"], ids=label)
def test_p256_refuses_points_that_are_not_on_the_curve(vector: dict[str, Any]) -> None:
    with pytest.raises(InvalidPublicKey):
        p256_key(vector).shared(bytes.fromhex(vector["public"])[1:])


@pytest.mark.parametrize("vector", [v for v in P256 if v["result"] != "invalid"], ids=label)
def test_p256_refuses_the_sec1_encodings_with_a_leading_octet(vector: dict[str, Any]) -> None:
    with pytest.raises(InvalidPublicKey, match="octets, 64 expected"):
        p256_key(vector).shared(bytes.fromhex(vector["public"]))


@pytest.mark.parametrize("group", sorted(GROUPS), ids=lambda g: g.name)
def test_the_encoding_of_infinity_is_refused(group: DhGroup) -> None:
    with pytest.raises(InvalidPublicKey):
        generate(group, random.Random(1).randbytes).shared(b"\0" * public_length(group))


@pytest.mark.parametrize("group", [DhGroup.ECP_256, DhGroup.ECP_384, DhGroup.ECP_521], ids=lambda g: g.name)
def test_a_point_with_one_changed_bit_is_refused(group: DhGroup) -> None:
    key = generate(group, random.Random(1).randbytes)
    with pytest.raises(InvalidPublicKey, match="not on the curve"):
        key.shared(key.public[:-1] + bytes((key.public[-1] ^ 1,)))


@pytest.mark.parametrize("group", [DhGroup.ECP_256, DhGroup.ECP_384, DhGroup.ECP_521], ids=lambda g: g.name)
@pytest.mark.parametrize("octet", [b"\0", b"\xff"])
def test_extreme_random_octets_still_give_a_valid_scalar(group: DhGroup, octet: bytes) -> None:
    key = generate(group, lambda octets: octet * octets)
    assert len(key.public) == public_length(group)


@pytest.mark.parametrize("vector", [v for v in X25519 if int(v["shared"], 16)], ids=label)
def test_x25519_edge_cases_give_the_right_secret(vector: dict[str, Any]) -> None:
    assert x25519_key(vector).shared(bytes.fromhex(vector["public"])) == bytes.fromhex(vector["shared"])


@pytest.mark.parametrize("vector", [v for v in X25519 if not int(v["shared"], 16)], ids=label)
def test_x25519_refuses_points_of_low_order(vector: dict[str, Any]) -> None:
    with pytest.raises(InvalidPublicKey, match="low order"):
        x25519_key(vector).shared(bytes.fromhex(vector["public"]))
