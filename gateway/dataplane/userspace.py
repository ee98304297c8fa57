"""The userspace ESP backend: TUN devices on one side, an ``Endpoint`` on the other, on one event loop."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.dataplane.counters import Direction, DropReason, TunnelCounters
from gateway.dataplane.device import Device, OffloadDevice, PlainDevice
from gateway.dataplane.reports import DropReports
from gateway.dataplane.tunnel import Child, Tunnel
from gateway.endpoint import Endpoint
from ike.child_sa import EspParameters
from ike.path import Path

LINGER = 10.0
"""Seconds for which packets are still accepted on a removed SA: those under way when it was rekeyed."""

_SPI = 4


@dataclass(eq=False)
class _Attached:
    """A tunnel with its device."""

    tunnel: Tunnel
    device: Device
    descriptor: int


@dataclass(eq=False)
class _Inbound:
    """An entry of the table of SPIs; ``expiry`` is set once the SA was removed."""

    child: Child
    device: Device
    expiry: asyncio.TimerHandle | None = field(default=None)


class Userspace:
    """Carries the tunnels of one endpoint. Make it inside a running event loop.

    Args:
        endpoint: Sends the ESP packets; its ``on_esp`` is to call ``on_esp`` here.
        publish: The stream's ``publish``; gets ``esp/esp_dropped`` records, see ``DropReports``.
        on_tcp_syn_179: Called with (tunnel, inner packet) for each inner TCP SYN to port 179 that a CPE
            sent: the BGP speaker refuses unknown sources without a word.

    Attributes:
        unknown_spi: ESP packets that belong to no SA.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        publish: Callable[..., object],
        *,
        on_tcp_syn_179: Callable[[str, bytes], None] = lambda _tunnel, _packet: None,
    ) -> None:
        self._endpoint = endpoint
        self._publish = publish
        self._on_tcp_syn_179 = on_tcp_syn_179
        self._loop = asyncio.get_running_loop()
        self._reports = DropReports(publish)
        self._tunnels: dict[str, _Attached] = {}
        self._inbound: dict[bytes, _Inbound] = {}
        self.unknown_spi = 0

    def add_tunnel(self, tunnel: str, tun_fd: int, *, vnet_hdr: bool, rate_mbps: int | None) -> None:
        """Start to carry a tunnel.

        Args:
            tunnel: Its name; not yet in use.
            tun_fd: Of its TUN device, non-blocking; the caller closes it, after ``remove_tunnel``.
            vnet_hdr: Whether the device was opened with virtio-net headers.
            rate_mbps: Bandwidth tier in Mbit/s of inner packets, for each direction; None for no limit.
        """
        if tunnel in self._tunnels:
            raise ValueError(f"tunnel {tunnel} was added before")
        carried = Tunnel(
            tunnel,
            rate_mbps=rate_mbps,
            now=self._loop.time(),
            on_drop=lambda *drop: self._report(tunnel, *drop),
            on_tcp_syn_179=self._on_tcp_syn_179,
        )
        device = OffloadDevice(tun_fd) if vnet_hdr else PlainDevice(tun_fd)
        attached = self._tunnels[tunnel] = _Attached(carried, device, tun_fd)
        self._loop.add_reader(tun_fd, self._drain_device, attached)

    def remove_tunnel(self, tunnel: str) -> None:
        """Stop to carry a tunnel and forget its SAs at once; unknown names are ignored."""
        attached = self._tunnels.pop(tunnel, None)
        if attached is None:
            return
        self._loop.remove_reader(attached.descriptor)
        for spi, entry in list(self._inbound.items()):
            if entry.child.tunnel is attached.tunnel:
                self._forget(spi)

    def install(self, tunnel: str, sa: EspParameters, *, replaces: int | None = None) -> None:
        """Add a CHILD SA: it receives at once.

        It also sends at once, unless it ``replaces`` (``spi_in``) one that is in use: then from its first
        valid inbound packet on, or when the replaced one is removed.

        Raises:
            KeyError: No such tunnel.
            ValueError: Keys or algorithms that the dataplane does not carry.
        """
        attached = self._tunnels[tunnel]
        child = attached.tunnel.install(sa, replaces)
        spi = sa.spi_in.to_bytes(_SPI, "big")
        self._forget(spi)
        self._inbound[spi] = _Inbound(child, attached.device)

    def remove(self, spi_in: int) -> None:
        """Stop sending on a CHILD SA at once, receiving after ``LINGER``; unknown ones are ignored."""
        spi = spi_in.to_bytes(_SPI, "big")
        entry = self._inbound.get(spi)
        if entry is None or entry.expiry is not None:
            return
        entry.child.tunnel.remove(entry.child)
        entry.expiry = self._loop.call_later(LINGER, self._forget, spi)

    def counters(self, tunnel: str) -> TunnelCounters:
        """A snapshot of a tunnel's counters; ``KeyError`` for an unknown one."""
        return self._tunnels[tunnel].tunnel.counters()

    def on_esp(self, packets: list[memoryview], path: Path) -> None:
        """Take ESP packets from the endpoint: they all came along ``path``, in this order."""
        start, spi = 0, packets[0][:_SPI]
        for index, packet in enumerate(packets):
            if packet[:_SPI] != spi:
                self._open(bytes(spi), packets[start:index], path)
                start, spi = index, packet[:_SPI]
        self._open(bytes(spi), packets[start:], path)

    def _open(self, spi: bytes, packets: list[memoryview], path: Path) -> None:
        """Packets of one SPI to the device of its tunnel."""
        entry = self._inbound.get(spi)
        if entry is None:
            self.unknown_spi += len(packets)
            self._reports.add(
                DropReason.UNKNOWN_SPI,
                Direction.IN,
                now=self._loop.time(),
                count=len(packets),
                spi=int.from_bytes(spi, "big"),
                remote=path.remote,
            )
            return
        tunnel = entry.child.tunnel
        inner = tunnel.inbound(entry.child, packets, self._loop.time())
        if inner:
            refused = entry.device.write(inner)
            tunnel.drop(DropReason.DEVICE, Direction.IN, count=refused, spi=entry.child.spi_in)

    def _drain_device(self, attached: _Attached) -> None:
        """Packets of a TUN device to the endpoint."""
        try:
            packets = attached.device.read()
        except OSError as error:
            # A device that is gone stays readable for ever.
            self._loop.remove_reader(attached.descriptor)
            self._publish("esp", "tun_device_lost", tunnel=attached.tunnel.name, reason=str(error))
            return
        if packets:
            sending = attached.tunnel.outbound(packets, self._loop.time())
            if sending is not None:
                self._endpoint.send_esp(*sending)

    def _report(self, tunnel: str, reason: DropReason, direction: Direction, spi: int, count: int) -> None:
        self._reports.add(reason, direction, now=self._loop.time(), count=count, tunnel=tunnel, spi=spi)

    def _forget(self, spi: bytes) -> None:
        """Receive no more on an SPI."""
        entry = self._inbound.pop(spi, None)
        if entry is not None and entry.expiry is not None:
            entry.expiry.cancel()
