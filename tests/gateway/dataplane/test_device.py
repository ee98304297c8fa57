"""Reads and writes of TUN devices; a socket pair that keeps packet boundaries stands in for one."""

import os
import socket
from collections.abc import Iterator

import pytest

from gateway.dataplane.device import BATCH, Device, OffloadDevice, PlainDevice
from gateway.dataplane.offload import PLAIN
from tests.gateway.dataplane.packets import ipv4, tcp

PACKETS = [ipv4(bytes([number])) for number in range(3)]


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, kernel = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    kernel.setblocking(False)
    with ours, kernel:
        yield ours, kernel


@pytest.fixture(params=["plain", "offload"])
def device(request: pytest.FixtureRequest, ends: tuple[socket.socket, socket.socket]) -> Device:
    return PlainDevice(ends[0].fileno()) if request.param == "plain" else OffloadDevice(ends[0].fileno())


@pytest.fixture
def header(device: Device) -> bytes:
    return PLAIN if isinstance(device, OffloadDevice) else b""


def test_a_read_gives_all_packets_that_wait_in_order(
    device: Device, header: bytes, ends: tuple[socket.socket, socket.socket]
) -> None:
    for packet in PACKETS:
        ends[1].send(header + packet)
    assert device.read() == PACKETS
    assert device.read() == []


def test_a_read_stops_after_a_batch(
    device: Device, header: bytes, ends: tuple[socket.socket, socket.socket]
) -> None:
    for _ in range(BATCH + 10):
        ends[1].send(header + PACKETS[0])
    assert len(device.read()) == BATCH
    assert len(device.read()) == 10


def test_packets_are_written_in_order(
    device: Device, header: bytes, ends: tuple[socket.socket, socket.socket]
) -> None:
    assert device.write(PACKETS) == 0
    assert [ends[1].recv(65536) for _ in PACKETS] == [header + packet for packet in PACKETS]


def test_packets_that_the_kernel_refuses_are_counted(
    device: Device, ends: tuple[socket.socket, socket.socket]
) -> None:
    ends[1].close()
    assert device.write(PACKETS) == 3


def test_all_segments_of_a_refused_super_packet_are_counted(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ends[1].close()
    segments = [tcp(bytes(100), sequence=at * 100, number=at) for at in range(4)]
    assert OffloadDevice(ends[0].fileno()).write(segments) == 4


def test_a_device_that_is_gone_raises(device: Device, ends: tuple[socket.socket, socket.socket]) -> None:
    os.close(ends[0].detach())
    with pytest.raises(OSError, match="Bad file descriptor"):
        device.read()
