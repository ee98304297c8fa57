"""All groups through their common front: published exchanges and what every group must refuse."""

import json
import random
import warnings
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dh as cryptography_dh

from ike.constants import DhGroup
from ike.crypto import dh, modp
from ike.crypto.dh import SUPPORTED_GROUPS, InvalidPublicKey, generate, public_length

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "dh.json").read_text())["tests"]
FAST_GROUPS = sorted(SUPPORTED_GROUPS - {DhGroup.MODP_4096, DhGroup.MODP_6144, DhGroup.MODP_8192})


def with_private_value(group: DhGroup, value: bytes) -> dh.DhKey:
    """A key whose private value is the given one, by random octets that lead to it."""
    if group is DhGroup.CURVE25519:
        return generate(group, lambda _: value)
    return generate(group, lambda octets: (int.from_bytes(value, "big") - 1).to_bytes(octets, "big"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["group"])
def test_public_values_and_shared_secret_match_the_rfc(vector: dict[str, str]) -> None:
    group = DhGroup[vector["group"]]
    initiator = with_private_value(group, bytes.fromhex(vector["i"]))
    responder = with_private_value(group, bytes.fromhex(vector["r"]))
    assert initiator.public == bytes.fromhex(vector["g^i"])
    assert responder.public == bytes.fromhex(vector["g^r"])
    assert initiator.shared(responder.public) == bytes.fromhex(vector["g^ir"])
    assert responder.shared(initiator.public) == bytes.fromhex(vector["g^ir"])


@pytest.mark.parametrize("group", [DhGroup.MODP_2048, DhGroup.MODP_3072])
def test_modp_agrees_with_openssl(group: DhGroup) -> None:
    numbers = modp.group_numbers(group)
    ours = generate(group, random.Random(1).randbytes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cryptography announces the removal of finite-field DH
        parameters = cryptography_dh.DHParameterNumbers(numbers.prime, numbers.generator)
        theirs = parameters.parameters().generate_private_key()
        our_public = cryptography_dh.DHPublicNumbers(int.from_bytes(ours.public, "big"), parameters)
        expected = theirs.exchange(our_public.public_key())
        their_public = theirs.public_key().public_numbers().y.to_bytes(numbers.length, "big")
    assert ours.shared(their_public) == expected.rjust(numbers.length, b"\0")


@pytest.mark.parametrize("group", FAST_GROUPS, ids=lambda g: g.name)
def test_both_sides_get_the_same_secret(group: DhGroup) -> None:
    source = random.Random(group)
    ours, theirs = generate(group, source.randbytes), generate(group, source.randbytes)
    assert ours.public != theirs.public
    assert ours.shared(theirs.public) == theirs.shared(ours.public)


@pytest.mark.parametrize("group", FAST_GROUPS, ids=lambda g: g.name)
def test_the_random_octets_alone_decide_the_key(group: DhGroup) -> None:
    first, second = (generate(group, random.Random(7).randbytes) for _ in range(2))
    assert first.public == second.public


@pytest.mark.parametrize("group", FAST_GROUPS, ids=lambda g: g.name)
@pytest.mark.parametrize("change", [-1, 1], ids=["one octet short", "one octet long"])
def test_a_public_value_of_another_length_is_refused(group: DhGroup, change: int) -> None:
    key = generate(group, random.Random(1).randbytes)
    assert len(key.public) == public_length(group)
    with pytest.raises(InvalidPublicKey, match=rf"{group.name}: key exchange data of \d+ octets"):
        key.shared((b"\0" + key.public)[-(public_length(group) + change) :])


@pytest.mark.parametrize("group", FAST_GROUPS, ids=lambda g: g.name)
def test_an_empty_public_value_is_refused(group: DhGroup) -> None:
    with pytest.raises(InvalidPublicKey):
        generate(group, random.Random(1).randbytes).shared(b"")


@pytest.mark.parametrize("group", [DhGroup.MODP_2048, DhGroup.ECP_256, DhGroup.CURVE25519])
def test_repr_shows_no_private_value(group: DhGroup) -> None:
    key = generate(group, lambda octets: b"\x5a" * octets)
    assert "private" not in repr(key)
    assert "exponent" not in repr(key)
