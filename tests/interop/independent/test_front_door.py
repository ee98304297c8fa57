"""An independent CPE at a gateway that wants cookies and answers for unknown SPIs."""

import os
from collections.abc import Callable, Iterator

import pytest

from tests.interop.independent import payloads
from tests.interop.independent.deviation import HONEST, Deviation, both, first, header, instead
from tests.interop.independent.ike_sa import INFORMATIONAL, NO_SPI
from tests.interop.independent.initiator import Initiator
from tests.interop.independent.judge import Judge, judge_with_gateway
from tests.interop.independent.payloads import Notify

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def judge(machine_for_labs: None) -> Iterator[Judge]:  # noqa: ARG001 - says first what the machine lacks
    with judge_with_gateway(cookies="always", unknownSpi="invalidIkeSpi") as found:
        yield found


def cookie_for(judge: Judge, cpe: Initiator, deviation: Deviation = HONEST) -> bytes:
    """The cookie in the answer, which holds nothing else, to a request."""
    request = cpe.init_request(deviation)
    (answer,) = judge.observe(cpe, lambda: cpe.send(request)).answers
    assert list(answer.notifies) == [Notify.COOKIE]
    assert answer.kinds == [payloads.NOTIFY]
    assert bytes(answer.header.resp_SPI) == NO_SPI
    cookie = answer.notifies[Notify.COOKIE]
    assert 1 <= len(cookie) <= 64
    return cookie


def returning(cookie: bytes) -> Deviation:
    return first(payloads.notify(Notify.COOKIE, cookie))


def test_a_request_without_a_cookie_gets_a_cookie_and_makes_no_ike_sa(judge: Judge) -> None:
    cookie_for(judge, judge.world.initiator())
    assert judge.world.tunnel("default")["ike"] is None


def test_a_request_with_its_cookie_brings_up_a_tunnel(judge: Judge) -> None:
    cpe = judge.world.initiator()
    cpe.connect()
    assert cpe.knock()
    cpe.delete()


def test_the_same_request_gets_a_cookie_as_often_as_it_comes(judge: Judge) -> None:
    cpe = judge.world.initiator()
    request = cpe.init_request()
    answers = judge.observe(cpe, lambda: cpe.send(request, copies=3)).answers
    assert [list(answer.notifies) for answer in answers] == [[Notify.COOKIE]] * 3


CHANGES: dict[str, Callable[[bytes], Deviation]] = {
    "cookie changed": lambda c: returning(c[:-1] + bytes([c[-1] ^ 1])),
    "cookie cut": lambda c: returning(c[:-1]),
    "cookie empty": lambda _: returning(b""),
    "cookie of 65 octets": lambda c: returning(c.ljust(65, b"?")),
    "another nonce": lambda c: after(returning(c), instead(payloads.nonce(os.urandom(32)))),
    "another SPI": lambda c: both(returning(c), header(init_SPI=os.urandom(8))),
}


def after(one: Deviation, other: Deviation) -> Deviation:
    """Two changes of the payloads, one after the other."""
    return Deviation(parts=lambda parts: other.parts(one.parts(parts)))


@pytest.mark.parametrize("change", CHANGES)
def test_a_cookie_is_good_for_its_request_only(judge: Judge, change: str) -> None:
    cpe = judge.world.initiator()
    cookie = cookie_for(judge, cpe)
    cookie_for(judge, cpe, CHANGES[change](cookie))
    cpe.connect()
    cpe.delete()


def test_a_cookie_is_good_for_its_address_only(judge: Judge) -> None:
    here, there = judge.world.initiator(), judge.world.initiator("curves", suite=None)
    cookie = cookie_for(judge, here)
    there.ike.spi_i, there.ike.nonce = here.ike.spi_i, here.ike.nonce
    cookie_for(judge, there, returning(cookie))


def test_a_request_for_an_unknown_ike_sa_is_told_so_without_protection(judge: Judge) -> None:
    cpe = judge.world.initiator()
    cpe.connect()
    unknown = header(resp_SPI=b"12345678")
    request = cpe.request(INFORMATIONAL, [], unknown)
    (answer,) = judge.observe(cpe, lambda: cpe.send(request)).answers
    assert answer.error == Notify.INVALID_IKE_SPI
    assert answer.kinds == [payloads.NOTIFY]
    assert (bytes(answer.header.resp_SPI), answer.header.id) == (b"12345678", cpe.ike.next_id)
    cpe.delete()
