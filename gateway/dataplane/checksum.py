"""The Internet checksum (RFC 1071), computed with Python's big integers.

65536 is 1 modulo 65535, so the ones' complement sum of 16-bit words is the whole buffer, read as one number,
modulo 65535; and exchanging the two octets of every word is a multiplication by 256.
"""

from collections.abc import Callable

_MODULUS = 0xFFFF
_number: Callable[..., int] = int.from_bytes


def word_sum(data: bytes) -> int:
    """The sum of the big-endian 16-bit words modulo 65535; an odd last octet counts as a high one.

    0 stands for both zeros of ones' complement: a buffer that holds its own correct checksum gives 0.
    """
    # Reducing a long number costs more than adding short ones, so the quarters are added first. Read as
    # little-endian, an odd last octet needs no padding.
    first = len(data) >> 2 & ~1
    second, third = first * 2, first * 3
    total = (
        _number(data[:first], "little")
        + _number(data[first:second], "little")
        + _number(data[second:third], "little")
        + _number(data[third:], "little")
    )
    return (total % _MODULUS << 8) % _MODULUS


def checksum_of(total: int) -> int:
    """The checksum field for a word sum: its complement, never 0, which UDP reads as "no checksum"."""
    return _MODULUS - total % _MODULUS
