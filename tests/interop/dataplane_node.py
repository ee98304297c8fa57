"""One dataplane in a process of its own, driven by JSON lines: the node of ``dataplane_world``.

The only argument is a JSON object: ``address``, ``tun``, ``vnet_hdr``, ``rate_mbps``, ``segmentation``.
Each line read is a request {"do": NAME, ...}, each line written its result. The process ends with its
standard input.
"""

import asyncio
import json
import socket
import sys
import time
from typing import Any

from gateway.dataplane.counters import Direction
from gateway.dataplane.handshake import read_handshake
from gateway.dataplane.tun import open_tun
from gateway.dataplane.userspace import Userspace
from gateway.endpoint import Endpoint
from gateway.endpoint.sockets import UDP_GRO, Sockets, open_sockets
from ike.child_sa import EspParameters
from ike.constants import Encr, Integ
from ike.path import Path

TUNNEL = "branch1/cpe1/0"


class OneByOne(Endpoint):
    """An endpoint on a kernel without UDP_SEGMENT."""

    def _send_segmented(self, *_arguments: object) -> bool:
        return False


def sockets_without_gro(address: str) -> Sockets:
    """The sockets on a kernel without UDP_GRO."""
    sockets = open_sockets(address)
    sockets.natt.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 0)
    return sockets


class Node:
    """The dataplane and what it reported."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.ike: list[tuple[str, Path]] = []
        self.syns = 0
        self.records: list[dict[str, Any]] = []
        self.endpoint = (Endpoint if config["segmentation"] else OneByOne)(
            config["address"],
            on_ike=lambda messages: self.ike.extend((data.hex(), path) for data, path in messages),
            on_esp=self._on_esp,
            sockets=open_sockets if config["segmentation"] else sockets_without_gro,
        )
        self.dataplane = Userspace(self.endpoint, self._publish, on_tcp_syn=self._on_syn)
        self.endpoint.open()
        tun = open_tun(config["tun"], vnet_hdr=config["vnet_hdr"])
        self.dataplane.add_tunnel(TUNNEL, tun, vnet_hdr=config["vnet_hdr"], rate_mbps=config["rate_mbps"])

    def _on_esp(self, packets: list[memoryview], path: Path) -> None:
        self.dataplane.on_esp(packets, path)

    def _publish(self, category: str, name: str, **data: Any) -> None:
        self.records.append({"category": category, "name": name, **data})

    def _on_syn(self, _tunnel: str, direction: Direction, packet: bytes) -> None:
        is_answer = read_handshake(packet).is_answer
        self.syns += direction is Direction.IN and not is_answer

    def do(self, request: dict[str, Any]) -> Any:
        """Serve one request."""
        match request:
            case {"do": "install", "sa": sa, "replaces": replaces, **rest}:
                ours = bool(rest.get("initiated_by_us"))
                self.dataplane.install(TUNNEL, parameters(sa), replaces=replaces, initiated_by_us=ours)
            case {"do": "remove", "spi": spi}:
                self.dataplane.remove(spi)
            case {"do": "send_ike", "data": data, "path": path}:
                self.endpoint.send_ike([bytes.fromhex(data)], Path(*path))
            case {"do": "keepalive", "path": path}:
                self.endpoint.send_keepalive(Path(*path))
            case {"do": "state"}:
                return self._state()
            case _:
                raise ValueError(f"unknown request: {request}")
        return None

    def _state(self) -> dict[str, Any]:
        counters, underlay = self.dataplane.counters(TUNNEL), self.endpoint.counters
        return {
            "packets_in": counters.packets_in,
            "packets_out": counters.packets_out,
            "bytes_in": counters.bytes_in,
            "bytes_out": counters.bytes_out,
            "drops_in": counters.drops_in,
            "drops_out": counters.drops_out,
            "sending": next((sa.spi_in for sa in counters.sas if sa.sending), None),
            "keepalives": underlay.keepalives,
            "send_errors": underlay.send_errors,
            "receive_errors": underlay.receive_errors,
            "unknown_spi": self.dataplane.unknown_spi,
            "ike": self.ike,
            "syns": self.syns,
            "records": self.records,
            "cpu_seconds": time.process_time(),
        }


def parameters(sa: dict[str, Any]) -> EspParameters:
    """``EspParameters`` from JSON; NULL encryption when there is no ``encr_key_bits``."""
    bits = sa["encr_key_bits"]
    return EspParameters(
        spi_in=sa["spi_in"],
        spi_out=sa["spi_out"],
        encr=Encr.AES_GCM_16 if bits else Encr.NULL,
        encr_key_bits=bits,
        integ=None if bits else Integ.HMAC_SHA2_256_128,
        encr_key_in=bytes.fromhex(sa["key_in"]) if bits else b"",
        integ_key_in=b"" if bits else bytes.fromhex(sa["key_in"]),
        encr_key_out=bytes.fromhex(sa["key_out"]) if bits else b"",
        integ_key_out=b"" if bits else bytes.fromhex(sa["key_out"]),
        esn=False,
        udp_encapsulation=sa["udp"],
        path=Path(*sa["path"]),
    )


async def main() -> None:
    """Serve requests until standard input ends."""
    node = Node(json.loads(sys.argv[1]))
    loop = asyncio.get_running_loop()
    requests = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(requests), sys.stdin)
    sys.stdout.write("{}\n")
    sys.stdout.flush()
    while line := await requests.readline():
        sys.stdout.write(json.dumps(node.do(json.loads(line))) + "\n")
        sys.stdout.flush()
    node.dataplane.remove_tunnel(TUNNEL)
    node.endpoint.close()


if __name__ == "__main__":
    asyncio.run(main())
