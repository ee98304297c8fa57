"""Which queue of UDP port 500 or 4500 a datagram waits in, on loopback with ports of the kernel's choice."""

import socket
from collections.abc import Iterator
from typing import Self

import pytest

from gateway.endpoint import bpf, queues
from gateway.endpoint.errors import EndpointError
from ike.codec import (
    Header,
    NoncePayload,
    NotifyPayload,
    Payload,
    VendorPayload,
    build_message,
)
from ike.constants import ExchangeType, HeaderFlag, NotifyType

LOOPBACK = "127.0.0.1"
NO_SPI = bytes(8)
NONCE = NoncePayload(bytes(32))
COOKIE = NotifyPayload(NotifyType.COOKIE, b"a cookie")


def message(spi_r: bytes, *payloads: Payload) -> bytes:
    header = Header(
        spi_i=b"initiato",
        spi_r=spi_r,
        exchange=ExchangeType.IKE_SA_INIT,
        flags=HeaderFlag.INITIATOR,
        message_id=0,
    )
    return build_message(header, payloads)


FIRST = message(NO_SPI, VendorPayload(b"vendor"), NONCE)


def bound(port: int = 0) -> socket.socket:
    """A small UDP socket on loopback; one on a port of choice shares it."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setblocking(False)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 10_000)
    if port:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    opened.bind((LOOPBACK, port))
    return opened


class Setup:
    """The queues, a CPE whose source port is the right one, and a CPE whose port was rewritten."""

    def __init__(self, *, natt: bool = False) -> None:
        self.cpe, self.rewritten = bound(), bound()
        first = bound()
        self.address = first.getsockname()
        sort = queues.IKE_APART_FROM_ESP if natt else queues.first_requests_apart(self.cpe.getsockname()[1])
        others = queues.beside(first, lambda: bound(self.address[1]), sort)
        self.queues = (first, *others)

    def queue_of(self, datagram: bytes, source: socket.socket) -> int:
        """Where a datagram of this source waits."""
        source.sendto(datagram, self.address)
        for number, queue in enumerate(self.queues):
            if self.waiting(queue) == [datagram]:
                return number
        raise AssertionError("it waits nowhere")

    def waiting(self, queue: socket.socket) -> list[bytes]:
        """What a queue holds."""
        taken = []
        try:
            while True:
                taken.append(queue.recv(2000))
        except BlockingIOError:
            return taken

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self.cpe, self.rewritten, *self.queues):
            each.close()


@pytest.fixture
def setup() -> Iterator[Setup]:
    """The queues of port 500."""
    with Setup() as made:
        yield made


@pytest.fixture
def natt() -> Iterator[Setup]:
    """The queues of port 4500."""
    with Setup(natt=True) as made:
        yield made


def test_a_first_request_waits_with_its_like(setup: Setup) -> None:
    assert setup.queue_of(FIRST, setup.cpe) == 1


def test_a_first_request_from_a_rewritten_port_waits_apart(setup: Setup) -> None:
    assert setup.queue_of(FIRST, setup.rewritten) == 0


@pytest.mark.parametrize("source", ["cpe", "rewritten"])
@pytest.mark.parametrize("spi_r", [b"responde", bytes(7) + b"\1", b"\1" + bytes(7)])
def test_what_names_an_ike_sa_of_ours_waits_behind_no_first_request(
    setup: Setup, spi_r: bytes, source: str
) -> None:
    assert setup.queue_of(message(spi_r, NONCE), getattr(setup, source)) == 2


@pytest.mark.parametrize("source", ["cpe", "rewritten"])
def test_a_cookie_that_comes_back_waits_behind_no_first_request(setup: Setup, source: str) -> None:
    assert setup.queue_of(message(NO_SPI, COOKIE, NONCE), getattr(setup, source)) == 2


@pytest.mark.parametrize("length", [1, 8, 15])
def test_what_is_too_short_to_tell_waits_with_the_rest(setup: Setup, length: int) -> None:
    assert setup.queue_of(bytes(length), setup.cpe) == 0


def test_a_flood_that_fills_its_queue_takes_no_room_from_the_others(setup: Setup) -> None:
    for _ in range(1000):
        setup.cpe.sendto(FIRST, setup.address)
        setup.rewritten.sendto(FIRST, setup.address)
    for known in (message(b"responde", NONCE), message(NO_SPI, COOKIE, NONCE)):
        setup.cpe.sendto(known, setup.address)
    rest, first, ours = map(setup.waiting, setup.queues)
    assert 0 < len(rest) < 1000
    assert 0 < len(first) < 1000
    assert ours == [message(b"responde", NONCE), message(NO_SPI, COOKIE, NONCE)]


MARKER = bytes(4)
ESP = b"\x10\0\0\1" + bytes(60)


@pytest.mark.parametrize(
    "datagram", [ESP, ESP[:4], b"\xff", b"\0\0\0"], ids=["ESP", "short", "keepalive", "none"]
)
def test_on_port_4500_esp_and_all_that_is_no_ike_waits_apart(natt: Setup, datagram: bytes) -> None:
    assert natt.queue_of(datagram, natt.cpe) == 0


@pytest.mark.parametrize("source", ["cpe", "rewritten"])
def test_on_port_4500_a_first_request_waits_with_its_like_whatever_its_port(natt: Setup, source: str) -> None:
    assert natt.queue_of(MARKER + FIRST, getattr(natt, source)) == 1


@pytest.mark.parametrize(
    "known",
    [message(b"responde", NONCE), message(bytes(7) + b"\1", NONCE), message(NO_SPI, COOKIE, NONCE)],
    ids=["SPI", "half an SPI", "cookie"],
)
def test_on_port_4500_what_names_an_ike_sa_or_returns_a_cookie_waits_behind_no_first_request(
    natt: Setup, known: bytes
) -> None:
    assert natt.queue_of(MARKER + known, natt.cpe) == 2


def test_on_port_4500_a_flood_of_ike_takes_no_room_from_esp(natt: Setup) -> None:
    for _ in range(1000):
        natt.cpe.sendto(MARKER + FIRST, natt.address)
    known = MARKER + message(b"responde", NONCE)
    natt.cpe.sendto(ESP, natt.address)
    natt.cpe.sendto(known, natt.address)
    esp, first, ours = map(natt.waiting, natt.queues)
    assert 0 < len(first) < 1000
    assert (esp, ours) == ([ESP], [known])


def test_the_port_stays_taken(setup: Setup) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as another, pytest.raises(OSError, match="in use"):
        another.bind(setup.address)


def refuse() -> socket.socket:
    raise EndpointError("no permission")


def test_where_no_second_socket_can_be_had_there_is_one_queue() -> None:
    with bound() as first, bound() as cpe:
        assert queues.beside(first, refuse, queues.IKE_APART_FROM_ESP) == ()
        cpe.sendto(FIRST, first.getsockname())
        assert first.recv(2000) == FIRST


def test_where_the_kernel_cannot_sort_there_is_one_queue_and_nothing_stays_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[socket.socket] = []

    def another() -> socket.socket:
        opened.append(bound(first.getsockname()[1]))
        return opened[-1]

    monkeypatch.setattr(bpf, "SO_ATTACH_REUSEPORT_CBPF", 9999)
    with bound() as first:
        assert queues.beside(first, another, queues.IKE_APART_FROM_ESP) == ()
    assert [each.fileno() for each in opened] == [-1, -1]
