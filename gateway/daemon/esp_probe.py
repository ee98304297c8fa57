"""Finds out whether ESP still passes where IKE does, when BGP inside a tunnel has fallen silent.

A firewall may drop ESP and let IKE pass: then the tunnel stays up and carries nothing. From the gateway that
looks like a BGP daemon that hangs, so it asks both: a liveness check in IKE, and pings through the tunnel.
"""

import asyncio
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from gateway.daemon import background
from gateway.dataplane.checksum import checksum_of, word_sum
from gateway.records import Record

PINGS = 3
"""Sent through the tunnel, one second apart; any authentic packet from the CPE is an answer."""
_HOLD_TIMER_EXPIRED = 4
"""NOTIFICATION code (RFC 4271 section 4.5)."""
_ECHO_REQUEST = 8
_TTL = 64
_DATA = b"gsa-lab: does ESP pass?"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a probe needs of the gateway; tunnels are told by their names.

    Args:
        send: Sends inner packets through a tunnel.
        heard_at: When the last authentic ESP packet came, on the event loop's clock; None for never.
        check_liveness: Asks the CPE for a sign of life in IKE.
    """

    send: Callable[[str, list[bytes]], None]
    heard_at: Callable[[str], float | None]
    check_liveness: Callable[[str], None]


class EspProbes:
    """Probes a tunnel when its BGP session ended by the hold timer, and publishes ``esp/esp_probed``.

    Args:
        publish: ``Stream.publish``.
        asked: The gateway.
        ends: The two BGP addresses by tunnel, the gateway's first.
        interval: Seconds between two pings, and after the last one.
    """

    def __init__(
        self,
        publish: Callable[..., object],
        asked: Asked,
        ends: Mapping[str, tuple[IPv4Address, IPv4Address]],
        interval: float = 1.0,
    ) -> None:
        self._publish = publish
        self._asked = asked
        self._ends = ends
        self._interval = interval
        self._running: dict[str, asyncio.Task[None]] = {}

    def on_record(self, record: Record) -> None:
        """Take one record into account; for ``Stream.subscribe``."""
        tunnel = record.tunnel
        if tunnel is None or tunnel not in self._ends or tunnel in self._running:
            return
        if record.name == "notification_sent" and record.data["code"] == _HOLD_TIMER_EXPIRED:
            self._running[tunnel] = background.begin(self._probe(tunnel), f"the ESP probe of {tunnel}")

    async def stop(self) -> None:
        """End the probes."""
        await background.end(*self._running.values())

    async def _probe(self, tunnel: str) -> None:
        """Probe; however it ends, the next session that falls silent is a reason for another one."""
        try:
            answered = await self._is_answered(tunnel)
        finally:
            del self._running[tunnel]
        self._publish("esp", "esp_probed", tunnel=tunnel, answered=answered, pings=PINGS)

    async def _is_answered(self, tunnel: str) -> bool:
        begun = asyncio.get_running_loop().time()
        self._asked.check_liveness(tunnel)
        for number in range(1, PINGS + 1):
            self._asked.send(tunnel, [echo_request(*self._ends[tunnel], number)])
            await asyncio.sleep(self._interval)
        heard = self._asked.heard_at(tunnel)
        return heard is not None and heard >= begun


def echo_request(source: IPv4Address, destination: IPv4Address, number: int) -> bytes:
    """An IPv4 packet with an ICMP echo request (RFC 792)."""
    body = struct.pack("!HH", 0, number) + _DATA
    icmp = struct.pack("!BBH", _ECHO_REQUEST, 0, 0) + body
    icmp = icmp[:2] + struct.pack("!H", checksum_of(word_sum(icmp))) + icmp[4:]
    header = struct.pack(
        "!BBHHHBBH4s4s",
        *(0x45, 0, 20 + len(icmp), 0, 0, _TTL, 1, 0),
        *(source.packed, destination.packed),
    )
    return header[:10] + struct.pack("!H", checksum_of(word_sum(header))) + header[12:] + icmp
