"""The endpoint's rules, on loopback sockets with ports of the kernel's choice."""

import asyncio
import errno
import socket
import struct
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from gateway.endpoint import Endpoint
from gateway.endpoint.endpoint import READS_PER_CALLBACK
from gateway.endpoint.sockets import UDP_GRO, UDP_SEGMENT, Sockets
from ike.path import Path

LOOPBACK = "127.0.0.1"
MARKER = bytes(4)
ESP = b"\x00\x00\x10\x01" + bytes(60)


def udp() -> socket.socket:
    """A bound, non-blocking UDP socket on loopback."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind((LOOPBACK, 0))
    opened.setblocking(False)
    return opened


class Setup:
    """An open endpoint and a peer; a UDP socket stands in for the raw one."""

    def __init__(self) -> None:
        self.sockets = Sockets(udp(), udp(), udp())
        self.sockets.natt.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)
        self.peer = udp()
        self.port = self.peer.getsockname()[1]
        self.received: list[tuple[str, Any, Path]] = []
        self.kept: list[Path] = []
        self.endpoint = Endpoint(
            LOOPBACK,
            on_ike=lambda messages: self.received.extend(("ike", *each) for each in messages),
            on_esp=lambda batch, path: self.received.append(("esp", [bytes(each) for each in batch], path)),
            on_keepalive=self.kept.append,
            sockets=lambda _address: self.sockets,
        )
        self.endpoint.open()

    async def deliver(self, to: str, *datagrams: bytes, peer: socket.socket | None = None) -> None:
        """Send to one of the endpoint's sockets and let it read."""
        for datagram in datagrams:
            (peer or self.peer).sendto(datagram, getattr(self.sockets, to).getsockname())
        await asyncio.sleep(0.02)

    def path(self, local_port: int, peer: socket.socket | None = None) -> Path:
        """The path of what a peer sends."""
        return Path(LOOPBACK, local_port, LOOPBACK, (peer or self.peer).getsockname()[1])

    def drain(self) -> list[bytes]:
        """What the peer received."""
        out = []
        try:
            while True:
                out.append(self.peer.recv(65536))
        except BlockingIOError:
            return out


def run(script: Callable[[Setup], Coroutine[Any, Any, None]]) -> None:
    """Play a script against a fresh endpoint."""

    async def play() -> None:
        setup = Setup()
        try:
            await script(setup)
        finally:
            setup.endpoint.close()
            setup.peer.close()

    asyncio.run(play())


def test_port_500_carries_ike_as_it_is() -> None:
    async def script(setup: Setup) -> None:
        await setup.deliver("ike", b"ike", MARKER + b"not a marker here")
        assert setup.received == [
            ("ike", b"ike", setup.path(500)),
            ("ike", MARKER + b"not a marker here", setup.path(500)),
        ]

    run(script)


def test_ike_messages_that_wait_on_port_500_come_together_a_bounded_number_at_a_time() -> None:
    async def script(setup: Setup) -> None:
        batches: list[list[tuple[bytes, Path]]] = []
        setup.endpoint.on_ike = batches.append
        sent = [b"%d" % number for number in range(READS_PER_CALLBACK + 5)]
        await setup.deliver("ike", *sent)
        assert [len(batch) for batch in batches] == [READS_PER_CALLBACK, 5]
        assert [each for batch in batches for each in batch] == [(data, setup.path(500)) for data in sent]

    run(script)


def test_all_queues_of_port_500_are_read_alike_until_they_are_closed() -> None:
    async def script(setup: Setup) -> None:
        setup.endpoint.close()
        setup.sockets = Sockets(udp(), udp(), udp(), (udp(), udp()))
        setup.endpoint.open()
        for each in setup.sockets.beside_ike:
            setup.peer.sendto(b"ike", each.getsockname())
        await asyncio.sleep(0.02)
        assert setup.received == [("ike", b"ike", setup.path(500))] * 2
        setup.endpoint.close()
        assert [each.fileno() for each in setup.sockets.beside_ike] == [-1, -1]

    run(script)


def test_on_port_4500_the_marker_tells_ike_from_esp() -> None:
    async def script(setup: Setup) -> None:
        await setup.deliver("natt", MARKER + b"ike")
        await setup.deliver("natt", ESP)
        assert setup.received == [("ike", b"ike", setup.path(4500)), ("esp", [ESP], setup.path(4500))]

    run(script)


def with_queues_of_4500(setup: Setup) -> None:
    """Let the endpoint have all queues of port 4500, each a port of its own."""
    setup.endpoint.close()
    setup.sockets = Sockets(udp(), udp(), udp(), (), (udp(), udp()))
    setup.endpoint.open()


def test_all_queues_of_port_4500_are_read_alike_until_they_are_closed() -> None:
    async def script(setup: Setup) -> None:
        with_queues_of_4500(setup)
        for each in setup.sockets.beside_natt:
            for datagram in (MARKER + b"ike", ESP, MARKER + b"more"):
                setup.peer.sendto(datagram, each.getsockname())
        await asyncio.sleep(0.02)
        path = setup.path(4500)
        assert setup.received == [("ike", b"ike", path), ("esp", [ESP], path), ("ike", b"more", path)] * 2
        setup.endpoint.close()
        assert [each.fileno() for each in setup.sockets.beside_natt] == [-1, -1]

    run(script)


def test_ike_that_came_before_esp_of_another_queue_is_handed_over_before_it() -> None:
    """It may be the answer that makes the SA of that ESP."""

    async def script(setup: Setup) -> None:
        with_queues_of_4500(setup)
        setup.peer.sendto(ESP, setup.sockets.natt.getsockname())  # its queue is ready first
        setup.peer.sendto(MARKER + b"ike", setup.sockets.beside_natt[-1].getsockname())
        await asyncio.sleep(0.02)
        assert [kind for kind, *_ in setup.received] == ["ike", "esp"]

    run(script)


def test_ike_messages_that_wait_on_port_4500_come_together() -> None:
    async def script(setup: Setup) -> None:
        batches: list[list[tuple[bytes, Path]]] = []
        setup.endpoint.on_ike = batches.append
        await setup.deliver("natt", MARKER + b"one", MARKER + b"two")
        assert batches == [[(b"one", setup.path(4500)), (b"two", setup.path(4500))]]

    run(script)


def test_a_keepalive_is_counted_and_dropped() -> None:
    async def script(setup: Setup) -> None:
        await setup.deliver("natt", b"\xff")
        assert setup.received == []
        assert setup.endpoint.counters.keepalives == 1
        assert setup.kept == [setup.path(4500)]

    run(script)


@pytest.mark.parametrize("datagram", [b"", b"\x00", b"\xfe", b"\xff\xff", b"\x00\x00\x00"])
def test_a_datagram_too_short_for_anything_else_is_malformed(datagram: bytes) -> None:
    async def script(setup: Setup) -> None:
        await setup.deliver("natt", datagram)
        assert setup.received == []
        assert setup.endpoint.counters.keepalives == 0
        assert setup.endpoint.counters.malformed == {"natt": 1}

    run(script)


def test_packets_that_wait_arrive_as_one_batch_per_path_in_order() -> None:
    async def script(setup: Setup) -> None:
        with udp() as other:
            target = setup.sockets.natt.getsockname()
            for sender, number in ((setup.peer, 1), (setup.peer, 2), (other, 3), (setup.peer, 4)):
                sender.sendto(ESP + bytes([number]), target)
            await asyncio.sleep(0.02)
            assert setup.received == [
                ("esp", [ESP + b"\x01", ESP + b"\x02"], setup.path(4500)),
                ("esp", [ESP + b"\x03"], setup.path(4500, other)),
                ("esp", [ESP + b"\x04"], setup.path(4500)),
            ]

    run(script)


def test_a_merged_read_is_split_and_each_datagram_sorted_by_itself() -> None:
    async def script(setup: Setup) -> None:
        size = len(ESP)
        ike = MARKER + bytes(range(size - 4))
        control = [(socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", size))]
        target = setup.sockets.natt.getsockname()
        setup.peer.sendmsg([ESP, ESP, ike, ESP, b"\xff"], control, 0, target)
        await asyncio.sleep(0.02)
        path = setup.path(4500)
        assert setup.received == [("esp", [ESP, ESP], path), ("ike", ike[4:], path), ("esp", [ESP], path)]
        assert setup.endpoint.counters.keepalives == 1

    run(script)


def test_one_callback_reads_a_bounded_number_of_datagrams() -> None:
    async def script(setup: Setup) -> None:
        target = setup.sockets.natt.getsockname()
        for _ in range(READS_PER_CALLBACK + 5):
            setup.peer.sendto(ESP, target)
        await asyncio.sleep(0.02)
        assert [len(batch) for _, batch, _ in setup.received] == [READS_PER_CALLBACK, 5]

    run(script)


def test_datagrams_of_the_largest_size_arrive_whole() -> None:
    async def script(setup: Setup) -> None:
        large = ESP + bytes(65_507 - len(ESP))
        await setup.deliver("natt", large)
        await setup.deliver("natt", *[large] * 3)
        assert [each for _, batch, _ in setup.received for each in batch] == [large] * 4

    run(script)


def test_received_protocol_50_loses_its_ipv4_header_and_has_no_ports() -> None:
    async def script(setup: Setup) -> None:
        await setup.deliver("esp", b"\x45" + bytes(19) + ESP, b"\x46" + bytes(23) + ESP)
        assert setup.received == [("esp", [ESP, ESP], Path(LOOPBACK, 0, LOOPBACK, 0))]

    run(script)


def test_protocol_50_without_a_whole_ipv4_header_is_malformed() -> None:
    async def script(setup: Setup) -> None:
        await setup.deliver("esp", b"\x45")
        assert setup.received == []
        assert setup.endpoint.counters.malformed == {"esp": 1}

    run(script)


@pytest.mark.parametrize(("port", "prefix"), [(500, b""), (4500, MARKER)])
def test_ike_leaves_from_the_port_of_its_path_with_the_marker_on_4500(port: int, prefix: bytes) -> None:
    async def script(setup: Setup) -> None:
        setup.endpoint.send_ike([b"ike"], setup.path(port))
        data, source = setup.peer.recvfrom(100)
        assert data == prefix + b"ike"
        sender = setup.sockets.ike if port == 500 else setup.sockets.natt
        assert source == sender.getsockname()

    run(script)


@pytest.mark.parametrize(("port", "prefix"), [(500, b""), (4500, MARKER)])
def test_ike_datagrams_of_one_path_leave_in_one_system_call_and_arrive_each_by_itself(
    port: int, prefix: bytes
) -> None:
    async def script(setup: Setup) -> None:
        calls: list[int] = []

        class Counting(socket.socket):
            def sendmsg(self, buffers: Any, *arguments: Any) -> int:
                calls.append(len(buffers))
                return super().sendmsg(buffers, *arguments)

        with Counting(socket.AF_INET, socket.SOCK_DGRAM) as counting:
            counting.bind((LOOPBACK, 0))
            setup.endpoint._sockets = Sockets(counting, counting, counting)
            setup.endpoint.send_ike([b"one", b"two", b"3"], setup.path(port))
            setup.endpoint._sockets = setup.sockets
        assert calls == [3]
        assert setup.drain() == [prefix + b"one", prefix + b"two", prefix + b"3"]

    run(script)


def test_ike_from_any_other_port_is_an_error_of_the_caller() -> None:
    async def script(setup: Setup) -> None:
        with pytest.raises(ValueError, match="500 or 4500 expected"):
            setup.endpoint.send_ike([b"ike"], setup.path(501))

    run(script)


def test_a_keepalive_is_one_octet() -> None:
    async def script(setup: Setup) -> None:
        setup.endpoint.send_keepalive(setup.path(4500))
        assert setup.drain() == [b"\xff"]

    run(script)


def test_esp_packets_of_any_sizes_arrive_as_they_are_in_order() -> None:
    async def script(setup: Setup) -> None:
        packets = [
            bytes([number]) * size for number, size in enumerate([60, 60, 60, 20, 1400, 1400, 60, 900])
        ]
        setup.endpoint.send_esp(packets, setup.path(4500))
        assert setup.drain() == packets

    run(script)


@pytest.mark.parametrize("code", [errno.EIO, errno.EINVAL, errno.EMSGSIZE])
def test_where_the_kernel_cannot_segment_packets_are_sent_one_by_one(code: int) -> None:
    class NoSegments(socket.socket):
        def sendmsg(self, *_arguments: Any) -> int:
            raise OSError(code, "no segmentation")

    async def script(setup: Setup) -> None:
        natt = NoSegments(fileno=setup.sockets.natt.detach())
        setup.endpoint._sockets = Sockets(setup.sockets.ike, natt, setup.sockets.esp)
        setup.endpoint.send_esp([ESP, ESP], setup.path(4500))
        assert setup.drain() == [ESP, ESP]
        assert not setup.endpoint.counters.send_errors
        setup.endpoint._sockets = None
        for each in (setup.sockets.ike, setup.sockets.esp, natt):
            each.close()

    run(script)


class Failing(socket.socket):
    """A socket whose calls fail once as the kernel reports an ICMP error or a full queue."""

    error = errno.ECONNREFUSED

    def sendto(self, *_arguments: Any) -> int:
        raise OSError(self.error, "send")

    def sendmsg(self, *_arguments: Any) -> int:
        raise OSError(self.error, "send")

    def recvfrom(self, *arguments: Any) -> Any:
        if self.error:
            self.error = 0
            raise OSError(errno.ECONNREFUSED, "receive")
        return super().recvfrom(*arguments)


@pytest.mark.parametrize(
    "code", [errno.ECONNREFUSED, errno.EAGAIN, errno.ENOBUFS, errno.ENETUNREACH, errno.EPERM]
)
def test_what_the_network_does_not_take_is_counted_not_raised(code: int) -> None:
    async def script(setup: Setup) -> None:
        with Failing(socket.AF_INET, socket.SOCK_DGRAM) as failing:
            failing.error = code
            setup.endpoint._sockets = Sockets(failing, failing, failing)
            setup.endpoint.send_ike([b"ike"], setup.path(500))
            setup.endpoint.send_esp([ESP, ESP, ESP], setup.path(4500))
            setup.endpoint.send_esp([ESP], Path(LOOPBACK, 0, LOOPBACK, 0))
            setup.endpoint._sockets = setup.sockets
        assert setup.endpoint.counters.send_errors == {errno.errorcode[code]: 5}

    run(script)


def test_an_icmp_error_on_receipt_is_counted_and_the_next_datagram_read() -> None:
    async def script(setup: Setup) -> None:
        failing = Failing(fileno=setup.sockets.ike.detach())
        asyncio.get_running_loop().remove_reader(failing)
        setup.peer.sendto(b"ike", failing.getsockname())
        setup.endpoint._drain_ike(failing)
        assert setup.received == [("ike", b"ike", setup.path(500))]
        assert setup.endpoint.counters.receive_errors == {"ECONNREFUSED": 1}
        setup.endpoint._sockets = None
        for each in (failing, setup.sockets.natt, setup.sockets.esp):
            asyncio.get_running_loop().remove_reader(each)
            each.close()

    run(script)


def test_after_close_nothing_is_delivered_or_sent_and_closing_again_is_harmless() -> None:
    async def script(setup: Setup) -> None:
        setup.endpoint.on_ike = lambda *_: setup.endpoint.close()
        size = len(ESP)
        control = [(socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", size))]
        target = setup.sockets.natt.getsockname()
        setup.peer.sendmsg([MARKER + bytes(size - 4), ESP, ESP], control, 0, target)
        await asyncio.sleep(0.02)
        assert setup.received == []
        assert not setup.endpoint.is_open
        assert not setup.endpoint.counters.receive_errors
        setup.endpoint.send_ike([b"ike"], setup.path(500))
        setup.endpoint.send_esp([ESP], setup.path(4500))
        setup.endpoint.close()
        assert setup.drain() == []

    run(script)
