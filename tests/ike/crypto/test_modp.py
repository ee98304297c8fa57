"""MODP groups: the numbers themselves, private exponents, and the checks of RFC 6989."""

import random

import gmpy2
import pytest

from ike.constants import DhGroup
from ike.crypto.errors import InvalidPublicKey
from ike.crypto.modp import GROUPS, generate, group_numbers
from ike.crypto.modp_constants import OAKLEY, SCHNORR

RFC_3526_2048 = (
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AACAA68FFFFFFFFFFFFFFFF"
)


def test_the_formula_gives_the_2048_bit_prime_printed_in_rfc_3526() -> None:
    assert group_numbers(DhGroup.MODP_2048).prime == int(RFC_3526_2048, 16)


@pytest.mark.parametrize("group", sorted(GROUPS), ids=lambda g: g.name)
def test_the_modulus_is_prime(group: DhGroup) -> None:
    assert gmpy2.is_prime(group_numbers(group).prime)


@pytest.mark.parametrize("group", sorted(g for g in OAKLEY if OAKLEY[g][0] <= 4096), ids=lambda g: g.name)
def test_an_oakley_modulus_is_a_safe_prime(group: DhGroup) -> None:
    assert gmpy2.is_prime((group_numbers(group).prime - 1) // 2)


@pytest.mark.parametrize("group", sorted(SCHNORR), ids=lambda g: g.name)
def test_an_rfc_5114_generator_has_the_prime_order_q(group: DhGroup) -> None:
    numbers = group_numbers(group)
    assert numbers.order is not None
    assert gmpy2.is_prime(numbers.order)
    assert pow(numbers.generator, numbers.order, numbers.prime) == 1


@pytest.mark.parametrize(
    ("group", "bits"), [(DhGroup.MODP_2048, 256), (DhGroup.MODP_3072, 424), (DhGroup.MODP_1024, 240)]
)
def test_a_private_exponent_has_exactly_the_length_of_its_group(group: DhGroup, bits: int) -> None:
    assert generate(group, lambda octets: b"\0" * octets).exponent == 1 << (bits - 1)
    assert generate(group, lambda octets: b"\xff" * octets).exponent == (1 << bits) - 1


@pytest.mark.parametrize("group", sorted(SCHNORR), ids=lambda g: g.name)
@pytest.mark.parametrize("octet", [b"\0", b"\xff"])
def test_a_private_exponent_of_a_subgroup_lies_between_1_and_q_minus_1(group: DhGroup, octet: bytes) -> None:
    order = group_numbers(group).order
    assert order is not None
    assert 1 <= generate(group, lambda octets: octet * octets).exponent < order


@pytest.mark.parametrize("group", [DhGroup.MODP_2048, DhGroup.MODP_2048_256], ids=lambda g: g.name)
@pytest.mark.parametrize("which", ["0", "1", "p-1", "p", "p+2"])
def test_public_values_outside_2_to_p_minus_2_are_refused(group: DhGroup, which: str) -> None:
    prime = group_numbers(group).prime
    value = {"0": 0, "1": 1, "p-1": prime - 1, "p": prime, "p+2": prime + 2}[which]
    with pytest.raises(InvalidPublicKey, match="outside 2 to p-2"):
        generate(group, random.Random(1).randbytes).shared(value.to_bytes(256, "big"))


def test_a_value_of_small_order_in_group_24_is_taken() -> None:
    """RFC 6989 section 2.2 lets those do without the check who use a private value once.

    That we do is tested in ``tests.ike.test_private_values``. The cofactor of group 24 is smooth.
    """
    numbers = group_numbers(DhGroup.MODP_2048_256)
    small = next(n for n in range(3, 10**6, 2) if (numbers.prime - 1) % n == 0 and gmpy2.is_prime(n))
    value = pow(3, (numbers.prime - 1) // small, numbers.prime)
    assert value != 1
    ours = generate(DhGroup.MODP_2048_256, random.Random(1).randbytes)
    assert pow(int.from_bytes(ours.shared(value.to_bytes(256, "big")), "big"), small, numbers.prime) == 1


def test_the_shared_secret_keeps_leading_zero_octets() -> None:
    """RFC 7296 section 2.14: g^ir is padded to the length of the modulus."""
    group = DhGroup.MODP_768
    ours = generate(group, random.Random(1).randbytes)
    secrets = (ours.shared(generate(group, random.Random(seed).randbytes).public) for seed in range(2, 3000))
    assert len(next(secret for secret in secrets if secret[0] == 0)) == 96
