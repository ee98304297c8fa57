"""The userspace backend on an event loop: a socket pair as TUN device, a list as endpoint."""

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any

import pytest

from gateway.dataplane import userspace
from gateway.dataplane.counters import Direction, DropReason
from gateway.dataplane.userspace import Userspace
from ike.path import Path
from tests.gateway.dataplane.one_tunnel import PATH, parameters, peer
from tests.gateway.dataplane.packets import ipv4, tcp

TUNNEL = "branch1/cpe1/0"
PACKET = ipv4(b"hello")


class Setup:
    """A ``Userspace`` with one tunnel; ``kernel`` is the far side of its device."""

    def __init__(self, ours: socket.socket, kernel: socket.socket) -> None:
        self.sent: list[tuple[list[bytes], Path]] = []
        self.records: list[dict[str, Any]] = []
        self.syns: list[tuple[str, Direction, bytes]] = []
        self.moved: list[tuple[int, Path]] = []
        self.ours, self.kernel = ours, kernel
        self.dataplane = Userspace(
            self,  # type: ignore[arg-type] # only send_esp is called
            lambda _category, name, **data: self.records.append({"name": name, **data}),
            on_tcp_syn=lambda *syn: self.syns.append(syn),
            on_moved=lambda *moved: self.moved.append(moved),
        )
        self.dataplane.add_tunnel(TUNNEL, ours.fileno(), vnet_hdr=False, rate_mbps=None)

    def send_esp(self, packets: Sequence[bytes], path: Path) -> None:
        """As ``Endpoint.send_esp``."""
        self.sent.append((list(packets), path))

    def receive(self, *packets: bytes, path: Path = PATH) -> list[bytes]:
        """ESP packets from the endpoint; what came out of the device."""
        self.dataplane.on_esp([memoryview(packet) for packet in packets], path)
        out = []
        try:
            while True:
                out.append(self.kernel.recv(65536))
        except BlockingIOError:
            return out

    async def emit(self, *packets: bytes) -> None:
        """Packets from the device; returns when they were taken."""
        for packet in packets:
            self.kernel.send(packet)
        await asyncio.sleep(0.01)


Script = Callable[[Setup], Coroutine[Any, Any, None]]


@pytest.fixture
def run() -> Iterator[Callable[[Script], None]]:
    ours, kernel = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    kernel.setblocking(False)

    async def play(script: Script) -> None:
        setup = Setup(ours, kernel)
        try:
            await script(setup)
        finally:
            setup.dataplane.remove_tunnel(TUNNEL)

    with ours, kernel:
        yield lambda script: asyncio.run(play(script))


def test_packets_of_the_device_go_out_in_one_batch(run: Callable[[Script], None]) -> None:
    async def script(setup: Setup) -> None:
        setup.dataplane.install(TUNNEL, parameters(1))
        await setup.emit(PACKET, PACKET)
        ((packets, path),) = setup.sent
        assert path == PATH
        assert [packet[:4] for packet in packets] == [(0x2001).to_bytes(4, "big")] * 2

    run(script)


def test_esp_packets_come_out_of_the_device(run: Callable[[Script], None]) -> None:
    async def script(setup: Setup) -> None:
        setup.dataplane.install(TUNNEL, parameters(1))
        assert setup.receive(*peer(1).seal([PACKET, PACKET])) == [PACKET, PACKET]

    run(script)


def test_a_batch_may_mix_child_sas_and_strangers(run: Callable[[Script], None]) -> None:
    async def script(setup: Setup) -> None:
        setup.dataplane.install(TUNNEL, parameters(1))
        setup.dataplane.install(TUNNEL, parameters(2))
        one, two = peer(1).seal([ipv4(b"a"), ipv4(b"d")]), peer(2).seal([ipv4(b"b"), ipv4(b"c")])
        stranger = bytes(40)
        assert setup.receive(one[0], *two, stranger, one[1]) == [
            ipv4(letter) for letter in (b"a", b"b", b"c", b"d")
        ]
        assert setup.dataplane.unknown_spi == 1

    run(script)


def test_an_unknown_spi_is_reported_with_the_sender(run: Callable[[Script], None]) -> None:
    async def script(setup: Setup) -> None:
        assert setup.receive(b"\x00\x00\x0a\xbc" + bytes(40)) == []
        (record,) = setup.records
        assert record["name"] == "esp_dropped"
        assert (record["reason"], record["remote"], record["spi"]) == (
            "unknown_spi",
            "198.51.100.10:4500",
            "00000abc",
        )

    run(script)


def test_a_removed_child_sa_still_receives_until_the_linger_time_is_over(
    run: Callable[[Script], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(userspace, "LINGER", 0.05)
    sender = peer(1)

    async def script(setup: Setup) -> None:
        setup.dataplane.install(TUNNEL, parameters(1))
        setup.dataplane.remove(0x1001)
        assert setup.receive(*sender.seal([PACKET])) == [PACKET]
        await setup.emit(PACKET)
        assert setup.sent == []
        await asyncio.sleep(0.06)
        assert setup.receive(*sender.seal([PACKET])) == []
        assert setup.dataplane.unknown_spi == 1

    run(script)


def test_an_spi_that_is_used_again_outlives_the_linger_time_of_the_old_one(
    run: Callable[[Script], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(userspace, "LINGER", 0.02)

    async def script(setup: Setup) -> None:
        setup.dataplane.install(TUNNEL, parameters(1))
        setup.dataplane.remove(0x1001)
        setup.dataplane.install(TUNNEL, parameters(1))
        await asyncio.sleep(0.04)
        assert setup.receive(*peer(1).seal([PACKET])) == [PACKET]

    run(script)


def test_a_removed_tunnel_neither_sends_nor_receives(run: Callable[[Script], None]) -> None:
    async def script(setup: Setup) -> None:
        setup.dataplane.install(TUNNEL, parameters(1))
        setup.dataplane.remove_tunnel(TUNNEL)
        await setup.emit(PACKET)
        assert setup.sent == []
        assert setup.receive(*peer(1).seal([PACKET])) == []
        setup.dataplane.remove(0x1001)
        setup.dataplane.remove_tunnel(TUNNEL)

    run(script)


def test_a_tunnel_name_is_taken_once(run: Callable[[Script], None]) -> None:
    async def script(setup: Setup) -> None:
        with pytest.raises(ValueError, match="branch1/cpe1/0 was added before"):
            setup.dataplane.add_tunnel(TUNNEL, setup.ours.fileno(), vnet_hdr=False, rate_mbps=None)

    run(script)


def test_a_tcp_syn_from_the_tunnel_is_told(run: Callable[[Script], None]) -> None:
    async def script(setup: Setup) -> None:
        setup.dataplane.install(TUNNEL, parameters(1))
        syn = tcp(port=179, flags=0x02)
        setup.receive(*peer(1).seal([syn]))
        assert setup.syns == [(TUNNEL, Direction.IN, syn)]

    run(script)


def test_packets_that_the_device_refuses_are_counted_not_raised(run: Callable[[Script], None]) -> None:
    async def script(setup: Setup) -> None:
        setup.dataplane.install(TUNNEL, parameters(1))
        setup.ours.shutdown(socket.SHUT_WR)
        setup.dataplane.on_esp([memoryview(packet) for packet in peer(1).seal([PACKET])], PATH)
        assert setup.dataplane.counters(TUNNEL).drops_in == {DropReason.DEVICE: 1}

    run(script)


def test_a_device_that_is_gone_is_reported_once_and_read_no_more(
    run: Callable[[Script], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_descriptor: int, _size: int) -> bytes:
        raise OSError(77, "File descriptor in bad state")

    async def script(setup: Setup) -> None:
        monkeypatch.setattr("os.read", gone)
        await setup.emit(PACKET)
        monkeypatch.undo()
        assert setup.records == [
            {
                "name": "tun_device_lost",
                "tunnel": TUNNEL,
                "reason": "[Errno 77] File descriptor in bad state",
            }
        ]

    run(script)


def test_a_moved_cpe_is_told_and_gets_its_packets_there_once_its_child_sa_is_moved(
    run: Callable[[Script], None],
) -> None:
    elsewhere = PATH._replace(remote_port=1024)

    async def script(setup: Setup) -> None:
        setup.dataplane.install(TUNNEL, parameters(1))
        assert setup.receive(*peer(1).seal([PACKET]), path=elsewhere) == [PACKET]
        assert setup.moved == [(0x1001, elsewhere)]
        await setup.emit(PACKET)
        setup.dataplane.move(0x1001, elsewhere, udp_encapsulation=True)
        await setup.emit(PACKET)
        assert [path for _, path in setup.sent] == [PATH, elsewhere]

    run(script)


def test_a_child_sa_may_move_out_of_udp(run: Callable[[Script], None]) -> None:
    async def script(setup: Setup) -> None:
        setup.dataplane.install(TUNNEL, parameters(1))
        setup.dataplane.move(0x1001, PATH, udp_encapsulation=False)
        await setup.emit(PACKET)
        ((_, path),) = setup.sent
        assert path == Path(PATH.local_ip, 0, PATH.remote_ip, 0)

    run(script)


def test_moving_an_unknown_child_sa_does_nothing(run: Callable[[Script], None]) -> None:
    async def script(setup: Setup) -> None:
        setup.dataplane.move(0x1001, PATH, udp_encapsulation=True)

    run(script)


def test_traffic_names_each_child_sa_once_per_news(run: Callable[[Script], None]) -> None:
    cpe = peer(1)

    async def script(setup: Setup) -> None:
        setup.dataplane.install(TUNNEL, parameters(1))
        setup.dataplane.install(TUNNEL, parameters(2))
        assert setup.dataplane.traffic() == []
        before = asyncio.get_running_loop().time()
        setup.receive(*cpe.seal([PACKET]))
        (heard,) = setup.dataplane.traffic()
        assert (heard.spi_in, heard.sent) == (0x1001, 0)
        assert heard.heard_at is not None
        assert before <= heard.heard_at <= asyncio.get_running_loop().time()
        assert setup.dataplane.traffic() == []
        await setup.emit(PACKET, PACKET)
        (sent,) = setup.dataplane.traffic()
        assert (sent.spi_in, sent.heard_at, sent.sent) == (0x1001, heard.heard_at, 2)

    run(script)


def test_a_removed_child_sa_is_no_news(run: Callable[[Script], None]) -> None:
    async def script(setup: Setup) -> None:
        setup.dataplane.install(TUNNEL, parameters(1))
        setup.dataplane.remove(0x1001)
        setup.receive(*peer(1).seal([PACKET]))
        assert setup.dataplane.traffic() == []

    run(script)


def test_a_child_sa_that_we_asked_for_sends_at_once(run: Callable[[Script], None]) -> None:
    async def script(setup: Setup) -> None:
        setup.dataplane.install(TUNNEL, parameters(1))
        setup.dataplane.install(TUNNEL, parameters(2), replaces=0x1001, initiated_by_us=True)
        await setup.emit(PACKET)
        (((packet,), _),) = setup.sent
        assert packet[:4] == (0x2002).to_bytes(4, "big")

    run(script)


def test_a_packet_of_the_gateways_own_goes_through_the_tunnel(run: Callable[[Script], None]) -> None:
    async def script(setup: Setup) -> None:
        setup.dataplane.send(TUNNEL, [PACKET])
        setup.dataplane.send("branch9/cpe9/0", [PACKET])
        assert setup.sent == []
        setup.dataplane.install(TUNNEL, parameters(1))
        setup.dataplane.send(TUNNEL, [PACKET])
        ((packets, path),) = setup.sent
        assert (path, len(packets)) == (PATH, 1)

    run(script)


def test_when_a_tunnel_was_heard_last_is_known(run: Callable[[Script], None]) -> None:
    async def script(setup: Setup) -> None:
        setup.dataplane.install(TUNNEL, parameters(1))
        assert setup.dataplane.heard_at(TUNNEL) is None
        setup.receive(*peer(1).seal([PACKET]))
        heard = setup.dataplane.heard_at(TUNNEL)
        assert heard is not None
        assert heard <= asyncio.get_running_loop().time()
        assert setup.dataplane.heard_at("branch9/cpe9/0") is None

    run(script)
