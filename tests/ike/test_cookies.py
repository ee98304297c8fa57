"""Cookies: made for one initiator, known again for a while (RFC 7296 section 2.6)."""

from hashlib import blake2s

import pytest

from ike.cookies import SECRET_SECONDS, SECRET_USES, Cookies
from tests.ike.world import CPE, counting_random

NONCE, SPI = bytes(range(32)), b"initiato"


def cookies() -> Cookies:
    return Cookies(counting_random("cookies"))


def test_a_cookie_is_the_number_of_a_secret_and_a_keyed_hash_of_spi_address_and_nonce() -> None:
    """As in section 2.6: <VersionIDofSecret> | Hash(Ni | IPi | SPIi | <secret>)."""
    secret = bytes(range(32))
    cookie = Cookies(lambda length: secret[:length]).make(NONCE, CPE, SPI, 0.0)
    octets = SPI + CPE.encode() + b"\0" + NONCE
    assert cookie == b"\0" + blake2s(octets, digest_size=16, key=secret).digest()


def test_a_cookie_is_known_again() -> None:
    jar = cookies()
    cookie = jar.make(NONCE, CPE, SPI, 0.0)
    assert 1 <= len(cookie) <= 64
    assert jar.verify(cookie, NONCE, CPE, SPI, 1.0)


@pytest.mark.parametrize(
    ("nonce", "address", "spi"),
    [(NONCE[::-1], CPE, SPI), (NONCE, "203.0.113.11", SPI), (NONCE, CPE, b"othersPI")],
    ids=["nonce", "address", "spi"],
)
def test_a_cookie_is_worth_nothing_to_another_initiator(nonce: bytes, address: str, spi: bytes) -> None:
    jar = cookies()
    assert not jar.verify(jar.make(NONCE, CPE, SPI, 0.0), nonce, address, spi, 0.0)


def test_a_changed_or_truncated_cookie_is_refused() -> None:
    jar = cookies()
    cookie = jar.make(NONCE, CPE, SPI, 0.0)
    for position in range(len(cookie)):
        changed = bytearray(cookie)
        changed[position] ^= 1
        assert not jar.verify(bytes(changed), NONCE, CPE, SPI, 0.0)
        assert not jar.verify(cookie[:position], NONCE, CPE, SPI, 0.0)


def test_another_responders_cookie_is_refused() -> None:
    stranger = Cookies(counting_random("another")).make(NONCE, CPE, SPI, 0.0)
    jar = cookies()
    jar.make(NONCE, CPE, SPI, 0.0)
    assert not jar.verify(stranger, NONCE, CPE, SPI, 0.0)


def test_before_any_cookie_was_made_none_is_valid() -> None:
    assert not cookies().verify(bytes(17), NONCE, CPE, SPI, 0.0)


def test_the_secret_changes_with_time_and_the_one_before_it_stays_valid() -> None:
    jar = cookies()
    old = jar.make(NONCE, CPE, SPI, 0.0)
    new = jar.make(NONCE, CPE, SPI, SECRET_SECONDS)
    assert old != new
    assert jar.verify(old, NONCE, CPE, SPI, SECRET_SECONDS)
    assert jar.verify(new, NONCE, CPE, SPI, SECRET_SECONDS)


def test_a_cookie_of_a_secret_before_the_last_is_refused() -> None:
    jar = cookies()
    old = jar.make(NONCE, CPE, SPI, 0.0)
    for turn in (1, 2):
        jar.make(NONCE, CPE, SPI, turn * SECRET_SECONDS)
    assert not jar.verify(old, NONCE, CPE, SPI, 2 * SECRET_SECONDS)


def test_a_cookie_ends_with_time_though_no_other_was_made() -> None:
    jar = cookies()
    cookie = jar.make(NONCE, CPE, SPI, 0.0)
    assert jar.verify(cookie, NONCE, CPE, SPI, 2 * SECRET_SECONDS - 0.1)
    assert not jar.verify(cookie, NONCE, CPE, SPI, 2 * SECRET_SECONDS)


def test_the_secret_changes_with_use() -> None:
    jar = cookies()
    first = jar.make(NONCE, CPE, SPI, 0.0)
    assert jar._current is not None
    jar._current.uses = SECRET_USES
    second = jar.make(NONCE, CPE, SPI, 0.0)
    assert first != second
    assert jar.verify(first, NONCE, CPE, SPI, 0.0)


def test_a_secret_is_in_no_repr() -> None:
    secret = bytes(range(32))
    jar = Cookies(lambda length: secret[:length])
    jar.make(NONCE, CPE, SPI, 0.0)
    shown = repr(jar._current)
    assert "made=0.0" in shown
    assert secret.hex() not in shown
    assert repr(secret) not in shown
