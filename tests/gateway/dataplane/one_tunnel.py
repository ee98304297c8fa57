"""A tunnel without sockets and devices, and what it told."""

from typing import TYPE_CHECKING, Any

from gateway.dataplane.children import Child
from gateway.dataplane.esp import OutboundSa
from gateway.dataplane.tunnel import Tunnel
from ike.child_sa import EspParameters
from ike.constants import Encr
from ike.path import Path
from tests.gateway.dataplane.packets import ipv4

if TYPE_CHECKING:
    from gateway.dataplane.counters import Direction, DropReason

PATH = Path("198.51.100.20", 4500, "198.51.100.10", 4500)
PACKET = ipv4(b"hello")


def parameters(number: int, *, udp: bool = True) -> EspParameters:
    """Our end of CHILD SA ``number``."""
    return EspParameters(
        spi_in=0x1000 + number,
        spi_out=0x2000 + number,
        encr=Encr.AES_GCM_16,
        encr_key_bits=128,
        integ=None,
        encr_key_in=bytes([number]) * 20,
        integ_key_in=b"",
        encr_key_out=bytes([number + 100]) * 20,
        integ_key_out=b"",
        esn=False,
        udp_encapsulation=udp,
        path=PATH,
    )


def peer(number: int) -> OutboundSa:
    """The sending half of the peer's end."""
    ours = parameters(number)
    mirrored: dict[str, Any] = {
        **{name: getattr(ours, name) for name in ours.__dataclass_fields__},
        "spi_out": ours.spi_in,
        "encr_key_out": ours.encr_key_in,
    }
    return OutboundSa(EspParameters(**mirrored))


class OneTunnel:
    """A tunnel and what it told."""

    def __init__(self, rate_mbps: int | None = None) -> None:
        self.drops: list[tuple[DropReason, Direction, int, int]] = []
        self.syns: list[tuple[str, Direction, bytes]] = []
        self.moved: list[tuple[int, Path]] = []
        self.now = 0.0
        self.tunnel = Tunnel(
            "branch1/cpe1/0",
            rate_mbps=rate_mbps,
            now=0.0,
            on_drop=lambda *drop: self.drops.append(drop),
            on_tcp_syn=lambda *syn: self.syns.append(syn),
            on_moved=lambda *moved: self.moved.append(moved),
        )

    def install(
        self, number: int, replaces: int | None = None, *, by_us: bool = False, udp: bool = True
    ) -> Child:
        """Install CHILD SA ``number``, which replaces another number."""
        replaced = None if replaces is None else 0x1000 + replaces
        sa = parameters(number, udp=udp)
        return self.tunnel.install(sa, replaced, now=self.now, initiated_by_us=by_us)

    def remove(self, child: Child) -> None:
        """Remove a CHILD SA."""
        self.tunnel.remove(child, self.now)

    def receive(self, child: Child, packets: list[bytes], path: Path = PATH) -> list[bytes]:
        """The inner packets of ESP packets that came along a path."""
        return self.tunnel.inbound(child, packets, path, self.now)

    def sends_on(self) -> int | None:
        """The number of the CHILD SA that a packet goes out on."""
        sending = self.tunnel.outbound([PACKET], self.now)
        return None if sending is None else int.from_bytes(sending[0][0][:4], "big") - 0x2000
