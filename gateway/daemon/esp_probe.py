"""Finds out whether ESP passes where IKE does: when BGP has fallen silent, and when no ESP packet ever came.

A firewall may drop ESP and let IKE pass: then the tunnel is up and carries nothing. From the gateway that
looks like a BGP daemon that hangs, or like a CPE that routes nothing into the tunnel. So it asks both: a
liveness check in IKE, and pings through the tunnel.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from gateway.daemon import background
from gateway.dataplane.pings import echo_request
from gateway.records import Record

PINGS = 3
"""Sent through the tunnel, one second apart; any authentic packet from the CPE is an answer."""
FIRST_ESP_SECONDS = 3.0
"""How long a CPE that sends ESP without UDP may take for its first packet before it is asked."""
_HOLD_TIMER_EXPIRED = 4
"""NOTIFICATION code (RFC 4271 section 4.5)."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a probe needs of the gateway; tunnels are told by their names.

    Args:
        send: Sends inner packets through a tunnel.
        heard_at: When the last authentic ESP packet came, on the event loop's clock; None for never.
        ever_heard: Whether an ESP packet ever came for a tunnel, if only one that was dropped.
        check_liveness: Asks the CPE for a sign of life in IKE.
    """

    send: Callable[[str, list[bytes]], None]
    heard_at: Callable[[str], float | None]
    ever_heard: Callable[[str], bool]
    check_liveness: Callable[[str], None]


class EspProbes:
    """Probes tunnels, and publishes ``esp/esp_probed``.

    Probed is a tunnel whose BGP session ended by the hold timer, and one whose CPE has never sent ESP,
    although it is to come without UDP. Before the latter ``esp/no_esp_seen`` is published, and
    ``esp/esp_seen`` when ESP has come after all.

    Args:
        publish: ``Stream.publish``.
        asked: The gateway.
        ends: The two BGP addresses by tunnel, the gateway's first.
        interval: Seconds between two pings, and after the last one.
        patience: Seconds for which the first ESP packet of a CPE is waited for.
    """

    def __init__(
        self,
        publish: Callable[..., object],
        asked: Asked,
        ends: Mapping[str, tuple[IPv4Address, IPv4Address]],
        interval: float = 1.0,
        patience: float = FIRST_ESP_SECONDS,
    ) -> None:
        self._publish = publish
        self._asked = asked
        self._ends = ends
        self._interval = interval
        self._patience = patience
        self._running: dict[str, asyncio.Task[None]] = {}
        self._first: dict[str, tuple[str, asyncio.Task[None]]] = {}

    def on_record(self, record: Record) -> None:
        """Take one record into account; for ``Stream.subscribe``."""
        tunnel = record.tunnel
        if tunnel is None or tunnel not in self._ends:
            return
        match record.name:
            case "notification_sent" if tunnel not in self._running:
                if record.data["code"] == _HOLD_TIMER_EXPIRED:
                    task = background.begin(self._probe_silent(tunnel), f"the ESP probe of {tunnel}")
                    self._running[tunnel] = task
            case "child_sa_established" if not record.data["udp_encapsulation"]:
                self._child_up(tunnel, record.data["spi_in"], record.data["replaces"])
            case "child_sa_closed":
                if tunnel in self._first and self._first[tunnel][0] == record.data["spi_in"]:
                    self._first.pop(tunnel)[1].cancel()

    def _child_up(self, tunnel: str, spi_in: str, replaces: str | None) -> None:
        """A CHILD SA without UDP encapsulation is there, the first one or the next."""
        if tunnel not in self._first:
            task = background.begin(
                self._await_first(tunnel), f"the wait for the first ESP packet of {tunnel}"
            )
            self._first[tunnel] = spi_in, task
        elif self._first[tunnel][0] == replaces:
            self._first[tunnel] = spi_in, self._first[tunnel][1]

    async def stop(self) -> None:
        """End the probes."""
        await background.end(*self._running.values(), *(task for _, task in self._first.values()))

    async def _probe_silent(self, tunnel: str) -> None:
        """Probe; however it ends, the next session that falls silent is a reason for another one."""
        try:
            await self._probe(tunnel)
        finally:
            del self._running[tunnel]

    async def _await_first(self, tunnel: str) -> None:
        """Wait for a CPE's first ESP packet, ask for one, and go on waiting."""
        try:
            await asyncio.sleep(self._patience)
            if self._asked.ever_heard(tunnel):
                return
            self._publish("esp", "no_esp_seen", tunnel=tunnel, seconds=self._patience)
            await self._probe(tunnel)
            while not self._asked.ever_heard(tunnel):  # noqa: ASYNC110 - the dataplane only counts
                await asyncio.sleep(self._interval)
            self._publish("esp", "esp_seen", tunnel=tunnel)
        finally:
            if tunnel in self._first and self._first[tunnel][1] is asyncio.current_task():
                del self._first[tunnel]

    async def _probe(self, tunnel: str) -> None:
        begun = asyncio.get_running_loop().time()
        self._asked.check_liveness(tunnel)
        for number in range(1, PINGS + 1):
            self._asked.send(tunnel, [echo_request(*self._ends[tunnel], number)])
            await asyncio.sleep(self._interval)
        heard = self._asked.heard_at(tunnel)
        answered = heard is not None and heard >= begun
        self._publish("esp", "esp_probed", tunnel=tunnel, answered=answered, pings=PINGS)
