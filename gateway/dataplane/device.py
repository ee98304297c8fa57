"""Reads and writes batches of packets on a TUN device.

Both kinds of device give whole IP packets and take whole IP packets; with virtio-net headers a read or write
moves a TCP super-packet of up to 64 KiB.
"""

import os
from typing import Protocol

from gateway.dataplane.coalesce import writes_of
from gateway.dataplane.offload import packets_of
from gateway.dataplane.tun import VNET_HEADER_LENGTH

BATCH = 64
"""Packets after which a read stops, so that the event loop gets to serve the others."""

_LARGEST = 65_535 + VNET_HEADER_LENGTH


class Device(Protocol):
    """One open TUN device."""

    def read(self) -> list[bytes]:
        """The packets that wait, about ``BATCH`` at most; empty when there are none.

        Raises:
            OSError: The device is gone.
        """

    def write(self, packets: list[bytes]) -> int:
        """Hand packets to the kernel, in order; the number that it did not take."""


class PlainDevice:
    """A TUN device without virtio-net headers: one packet per system call.

    Args:
        descriptor: Open and non-blocking.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self) -> list[bytes]:
        """See ``Device``."""
        packets: list[bytes] = []
        try:
            while len(packets) < BATCH:
                packets.append(os.read(self._descriptor, _LARGEST))
        except BlockingIOError:
            pass
        return packets

    def write(self, packets: list[bytes]) -> int:
        """See ``Device``."""
        refused = 0
        for packet in packets:
            try:
                os.write(self._descriptor, packet)
            except OSError:
                refused += 1
        return refused


class OffloadDevice:
    """A TUN device with virtio-net headers.

    Args:
        descriptor: Open and non-blocking.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = memoryview(bytearray(_LARGEST))

    def read(self) -> list[bytes]:
        """See ``Device``."""
        packets: list[bytes] = []
        buffers = [self._buffer]
        try:
            while len(packets) < BATCH:
                length = os.readv(self._descriptor, buffers)
                packets += packets_of(self._buffer[:length])
        except BlockingIOError:
            pass
        return packets

    def write(self, packets: list[bytes]) -> int:
        """See ``Device``."""
        refused = 0
        for buffers in writes_of(packets):
            try:
                os.writev(self._descriptor, buffers)
            except OSError:
                refused += max(1, len(buffers) - 2)
        return refused
