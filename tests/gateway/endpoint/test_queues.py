"""Which queue of UDP port 500 a datagram waits in, on loopback sockets with ports of the kernel's choice."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

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

    def __init__(self) -> None:
        self.cpe, self.rewritten = bound(), bound()
        first = bound()
        self.address = first.getsockname()
        others = queues.beside(first, lambda: bound(self.address[1]), self.cpe.getsockname()[1])
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


@pytest.fixture
def setup() -> Iterator[Setup]:
    made = Setup()
    with ExitStack() as stack:
        for each in (made.cpe, made.rewritten, *made.queues):
            stack.enter_context(each)
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


def test_the_port_stays_taken(setup: Setup) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as another, pytest.raises(OSError, match="in use"):
        another.bind(setup.address)


def refuse() -> socket.socket:
    raise EndpointError("no permission")


def test_where_no_second_socket_can_be_had_there_is_one_queue() -> None:
    with bound() as first, bound() as cpe:
        assert queues.beside(first, refuse, 500) == ()
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
        assert queues.beside(first, another, 500) == ()
    assert [each.fileno() for each in opened] == [-1, -1]
