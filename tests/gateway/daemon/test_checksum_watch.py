"""The gateway looks at datagrams with a wrong UDP checksum as long as the kernel counts some."""

import socket
from typing import cast

import pytest

from gateway.daemon.checksum_watch import MOST, WATCH_SECONDS, ChecksumWatch
from gateway.records import Stream
from tests.gateway.endpoint.test_bad_checksums import packet, with_checksum

ADDRESS = "198.51.100.20"
WRONG = with_checksum(packet(), 0x1234)


class Raw:
    """A raw socket that holds datagrams."""

    def __init__(self) -> None:
        self.waiting: list[bytes] = []
        self.is_open = True

    def recv(self, _: int) -> bytes:
        """The next one."""
        if not self.waiting:
            raise BlockingIOError
        return self.waiting.pop(0)

    def close(self) -> None:
        """No more."""
        self.is_open = False


class Watched:
    """A watch with its surroundings."""

    def __init__(self) -> None:
        self.count = 5
        self.opened: list[Raw] = []
        self.stream = Stream()
        self.watch = ChecksumWatch(
            [ADDRESS],
            {(ADDRESS, "203.0.113.10"): "branch/cpe/0"},
            self.stream.publish,
            count=lambda: self.count,
            open_socket=self._open,
        )

    def _open(self, _: str) -> socket.socket:
        self.opened.append(Raw())
        return cast("socket.socket", self.opened[-1])


@pytest.fixture
def watched() -> Watched:
    """One that was started when the kernel had counted five."""
    return Watched()


def test_nothing_is_opened_while_the_counter_stands_still(watched: Watched) -> None:
    watched.watch.look(1.0)
    assert watched.opened == []


def test_the_next_datagram_after_the_counter_went_up_is_told_with_its_tunnel(watched: Watched) -> None:
    watched.count += 1
    watched.watch.look(1.0)
    watched.opened[0].waiting += [packet(), WRONG]
    watched.watch.look(2.0)
    (record,) = watched.stream.history
    assert (record.category, record.name, record.tunnel) == ("nat", "udp_checksum_wrong", "branch/cpe/0")
    assert record.data["carried"] == "1234"
    assert record.data["remote"] == "203.0.113.10:500"


def test_a_stranger_has_no_tunnel(watched: Watched) -> None:
    watched.count += 1
    watched.watch.look(1.0)
    watched.opened[0].waiting.append(WRONG[:12] + bytes([192, 0, 2, 7]) + WRONG[16:])
    watched.watch.look(2.0)
    assert [record.tunnel for record in watched.stream.history] == [None]


def test_the_socket_is_closed_when_the_counter_has_long_stood_still(watched: Watched) -> None:
    watched.count += 1
    watched.watch.look(1.0)
    watched.watch.look(WATCH_SECONDS)
    assert watched.opened[0].is_open
    watched.watch.look(WATCH_SECONDS + 2)
    assert not watched.opened[0].is_open


def test_a_flood_is_looked_at_and_told_in_part(watched: Watched) -> None:
    watched.count += 1
    watched.watch.look(1.0)
    watched.opened[0].waiting += [WRONG] * 1000
    watched.watch.look(2.0)
    assert len(watched.opened[0].waiting) == 1000 - MOST
    assert len(watched.stream.history) == 3


def test_a_machine_that_refuses_raw_sockets_is_no_error() -> None:
    def refuse(_: str) -> socket.socket:
        raise PermissionError

    counts = iter([1, 2])
    watch = ChecksumWatch([ADDRESS], {}, Stream().publish, count=lambda: next(counts), open_socket=refuse)
    watch.look(1.0)
