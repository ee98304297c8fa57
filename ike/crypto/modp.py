"""Diffie-Hellman modulo a prime: groups 1 and 2 (RFC 2409), 5 and 14 to 18 (RFC 3526), 22 to 24 (RFC 5114).

Exponentiation is gmpy2's ``powmod_sec``, whose timing and memory accesses do not depend on the exponent.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field

import gmpy2

from ike.constants import DhGroup
from ike.crypto.errors import InvalidPublicKey
from ike.crypto.modp_constants import OAKLEY, SCHNORR

_EXTRA_OCTETS = 8
"""Random octets beyond the size of the order: the bias of the reduction is below 2^-64 (FIPS 186-5 A.2.1)."""


@dataclass(frozen=True)
class ModpGroup:
    """The numbers of one group.

    Args:
        prime: The modulus p.
        generator: g.
        order: The order q of the subgroup of g, or None where p is a safe prime.
        exponent_bits: Length of a private exponent; with an ``order`` it is uniform below that.
    """

    prime: int
    generator: int
    order: int | None
    exponent_bits: int

    @property
    def length(self) -> int:
        """Octets of the modulus, and so of a public value and of the shared secret."""
        return (self.prime.bit_length() + 7) // 8


GROUPS = frozenset(OAKLEY) | frozenset(SCHNORR)
"""The groups of this module."""


def oakley_prime(bits: int, offset: int) -> int:
    """The prime of RFC 2409 and RFC 3526: 2^n - 2^(n-64) - 1 + 2^64 * ([2^(n-130) pi] + offset)."""
    with gmpy2.context(gmpy2.get_context(), precision=bits) as context:
        digits_of_pi = int(gmpy2.floor(gmpy2.mul_2exp(context.const_pi(), bits - 130)))
    return (1 << bits) - (1 << (bits - 64)) - 1 + ((digits_of_pi + offset) << 64)


@functools.cache
def group_numbers(group: DhGroup) -> ModpGroup:
    """The numbers of one of ``GROUPS``."""
    if group in OAKLEY:
        bits, offset, exponent_bits = OAKLEY[group]
        return ModpGroup(oakley_prime(bits, offset), 2, None, exponent_bits)
    prime, generator, order = SCHNORR[group]
    return ModpGroup(prime, generator, order, order.bit_length())


def public_length(group: DhGroup) -> int:
    """Octets of the key exchange data."""
    return group_numbers(group).length


@dataclass(frozen=True)
class ModpKey:
    """A key of one exchange; see ``ike.crypto.dh.DhKey``."""

    group: DhGroup
    public: bytes
    exponent: int = field(repr=False)

    def shared(self, peer_public: bytes) -> bytes:
        """The shared secret, padded to the length of the modulus (RFC 7296 section 2.14)."""
        numbers = group_numbers(self.group)
        value = _checked(numbers, self.group, peer_public)
        return int(gmpy2.powmod_sec(value, self.exponent, numbers.prime)).to_bytes(numbers.length, "big")


def generate(group: DhGroup, random: Callable[[int], bytes]) -> ModpKey:
    """A new key of one of ``GROUPS``."""
    numbers = group_numbers(group)
    exponent = _exponent(numbers, random)
    public = int(gmpy2.powmod_sec(numbers.generator, exponent, numbers.prime))
    return ModpKey(group, public.to_bytes(numbers.length, "big"), exponent)


def _exponent(numbers: ModpGroup, random: Callable[[int], bytes]) -> int:
    """A private exponent: uniform in [1, q - 1], or of exactly ``exponent_bits`` bits without a q."""
    if numbers.order is not None:
        octets = (numbers.order.bit_length() + 7) // 8 + _EXTRA_OCTETS
        return int.from_bytes(random(octets), "big") % (numbers.order - 1) + 1
    value = int.from_bytes(random(numbers.exponent_bits // 8), "big")
    return value | 1 << (numbers.exponent_bits - 1)


def _checked(numbers: ModpGroup, group: DhGroup, data: bytes) -> int:
    """The peer's public value after the checks of RFC 6989 sections 2.1 and 2.2.

    Whether the value lies in the subgroup of a group that has small ones is not looked at. Section 2.2 leaves
    the choice: check it, by one more exponentiation, or never reuse a private value. Each key is made for one
    exchange (``ike.crypto.dh.DhKey``), so a value of small order tells its sender nothing of use.
    """
    if len(data) != numbers.length:
        raise InvalidPublicKey(
            f"{group.name}: key exchange data of {len(data)} octets, {numbers.length} expected"
        )
    value = int.from_bytes(data, "big")
    if not 1 < value < numbers.prime - 1:
        raise InvalidPublicKey(f"{group.name}: public value outside 2 to p-2")
    return value
