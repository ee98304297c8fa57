"""The userspace ESP backend: TUN devices on one side, an ``Endpoint`` on the other, on one event loop."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.dataplane.children import Child
from gateway.dataplane.counters import Direction, DropReason, Traffic, TunnelCounters
from gateway.dataplane.device import Device, OffloadDevice, PlainDevice
from gateway.dataplane.reports import DropReports
from gateway.dataplane.tunnel import OnMoved, OnTcpSyn, Tunnel
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
    """An entry of the table of SPIs; ``told`` is what ``traffic`` said last, ``expiry`` is set on removal."""

    child: Child
    attached: _Attached
    told: Traffic
    expiry: asyncio.TimerHandle | None = field(default=None)


class Userspace:
    """Carries the tunnels of one endpoint. Make it inside a running event loop.

    Args:
        endpoint: Sends the ESP packets; its ``on_esp`` is to call ``on_esp`` here.
        publish: The stream's ``publish``; gets ``esp/esp_dropped`` records, see ``DropReports``.
        on_tcp_syn: Called with (tunnel, direction, inner packet) for each inner TCP SYN and SYN-ACK: the
            BGP speaker, and the kernel, refuse connections without a word.
        on_moved: Called with (``spi_in``, path) when the peer's newest authentic ESP packet in UDP came along
            another path than its SA sends on, once for each change. Whether to ``move`` is not decided here.

    Attributes:
        unknown_spi: ESP packets that belong to no SA.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        publish: Callable[..., object],
        *,
        on_tcp_syn: OnTcpSyn = lambda _tunnel, _direction, _packet: None,
        on_moved: OnMoved = lambda _spi_in, _path: None,
    ) -> None:
        self._endpoint = endpoint
        self._publish = publish
        self._on_tcp_syn = on_tcp_syn
        self._on_moved = on_moved
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
            on_tcp_syn=self._on_tcp_syn,
            on_moved=self._on_moved,
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
            if entry.attached is attached:
                self._forget(spi)

    def install(
        self,
        tunnel: str,
        sa: EspParameters,
        *,
        replaces: int | None = None,
        initiated_by_us: bool = False,
    ) -> None:
        """Add a CHILD SA: it receives at once; when it sends is the rule of ``Children``.

        Args:
            tunnel: The tunnel's name.
            sa: Keys, SPIs and path.
            replaces: ``spi_in`` of the CHILD SA that it rekeys.
            initiated_by_us: Whether we asked for it, so that the peer has it already.

        Raises:
            KeyError: No such tunnel.
            ValueError: Keys or algorithms that the dataplane does not carry.
        """
        attached = self._tunnels[tunnel]
        child = attached.tunnel.install(sa, replaces, now=self._loop.time(), initiated_by_us=initiated_by_us)
        spi = sa.spi_in.to_bytes(_SPI, "big")
        self._forget(spi)
        self._inbound[spi] = _Inbound(child, attached, _traffic(child))

    def move(self, spi_in: int, path: Path, *, udp_encapsulation: bool) -> None:
        """Send a CHILD SA's packets along another path from now on; unknown ones are ignored."""
        entry = self._live(spi_in)
        if entry is not None:
            entry.child.move(path, udp_encapsulation=udp_encapsulation)

    def remove(self, spi_in: int) -> None:
        """Stop sending on a CHILD SA at once, receiving after ``LINGER``; unknown ones are ignored."""
        entry = self._live(spi_in)
        if entry is not None:
            entry.attached.tunnel.remove(entry.child, self._loop.time())
            entry.expiry = self._loop.call_later(LINGER, self._forget, spi_in.to_bytes(_SPI, "big"))

    def traffic(self) -> list[Traffic]:
        """The live CHILD SAs that sent or received since the last call."""
        news = []
        for entry in self._inbound.values():
            if entry.expiry is None and (now := _traffic(entry.child)) != entry.told:
                entry.told = now
                news.append(now)
        return news

    def counters(self, tunnel: str) -> TunnelCounters:
        """A snapshot of a tunnel's counters; ``KeyError`` for an unknown one."""
        return self._tunnels[tunnel].tunnel.counters()

    def send(self, tunnel: str, packets: list[bytes]) -> None:
        """Send inner packets through a tunnel, as if they came from its device; unknown ones are ignored."""
        attached = self._tunnels.get(tunnel)
        if attached is not None:
            self._send(attached, packets)

    def heard_at(self, tunnel: str) -> float | None:
        """When the last authentic packet came on a live CHILD SA of a tunnel; None for never."""
        times = [e.child.heard_at for e in self._inbound.values() if e.attached.tunnel.name == tunnel]
        return max((time for time in times if time is not None), default=None)

    def ever_heard(self, tunnel: str) -> bool:
        """Whether an ESP packet came for a tunnel since it was added, if only one that was dropped."""
        counted = self.counters(tunnel)
        return bool(counted.packets_in or counted.drops_in)

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
        tunnel = entry.attached.tunnel
        inner = tunnel.inbound(entry.child, packets, path, self._loop.time())
        if inner:
            refused = entry.attached.device.write(inner)
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
            self._send(attached, packets)

    def _send(self, attached: _Attached, packets: list[bytes]) -> None:
        sending = attached.tunnel.outbound(packets, self._loop.time())
        if sending is not None:
            self._endpoint.send_esp(*sending)

    def _report(self, tunnel: str, reason: DropReason, direction: Direction, spi: int, count: int) -> None:
        self._reports.add(reason, direction, now=self._loop.time(), count=count, tunnel=tunnel, spi=spi)

    def _live(self, spi_in: int) -> _Inbound | None:
        """The entry of a CHILD SA that was not removed."""
        entry = self._inbound.get(spi_in.to_bytes(_SPI, "big"))
        return entry if entry is not None and entry.expiry is None else None

    def _forget(self, spi: bytes) -> None:
        """Receive no more on an SPI."""
        entry = self._inbound.pop(spi, None)
        if entry is not None and entry.expiry is not None:
            entry.expiry.cancel()


def _traffic(child: Child) -> Traffic:
    return Traffic(spi_in=child.spi_in, heard_at=child.heard_at, sent=child.outbound.sequence)
