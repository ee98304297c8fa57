"""Tells IKE datagrams that the kernel drops for their UDP checksum: nobody else would ever hear of them."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Mapping, Sequence

from gateway.endpoint import kernel_counters
from gateway.endpoint.bad_checksums import BadChecksum, open_raw, receive, wrong_checksums
from ike.rate import Limiter

LOOK_SECONDS = 1.0
"""Between two looks at the kernel's counter."""
WATCH_SECONDS = 60.0
"""How long datagrams are looked at after the counter went up; a CPE repeats IKE_SA_INIT within seconds."""
MOST = 16
"""Datagrams looked at in one second and on one address."""
_TOLD = (10.0, 0.5), (3.0, 0.1)
"""Burst and rate of records, in total and of one source."""


class ChecksumWatch:
    """Publishes ``nat/udp_checksum_wrong``, one for each datagram, but not more than ``_TOLD``.

    Args:
        addresses: The underlay addresses of the gateway.
        tunnels: Names by endpoint and device IP address.
        publish: ``Stream.publish``.
        count: Returns how many datagrams the kernel has dropped for their checksum.
        open_socket: Opens a socket as ``open_raw``.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        tunnels: Mapping[tuple[str, str], str],
        publish: Callable[..., object],
        *,
        count: Callable[[], int] = lambda: wrong_checksums(kernel_counters.read()),
        open_socket: Callable[[str], socket.socket] = open_raw,
    ) -> None:
        self._addresses = addresses
        self._tunnels = tunnels
        self._publish = publish
        self._count = count
        self._open_socket = open_socket
        self._seen = count()
        self._until = 0.0
        self._sockets: list[socket.socket] = []
        self._limiter = Limiter(*_TOLD)

    async def run(self) -> None:
        """Look again and again; ends when it is cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                self.look(loop.time())
        finally:
            self._close()

    def look(self, now: float) -> None:
        """Take note of what came since the last look; ``now`` in seconds of any clock."""
        count = self._count()
        if count > self._seen:
            self._until = now + WATCH_SECONDS
        self._seen = count
        if now >= self._until:
            self._close()
        elif not self._sockets:
            self._open()
        for raw in self._sockets:
            for bad in receive(raw, MOST):
                self._tell(bad, now)

    def _tell(self, bad: BadChecksum, now: float) -> None:
        source = bad.remote.rpartition(":")[0]
        if self._limiter.take(source, now):
            self._publish(
                "nat",
                "udp_checksum_wrong",
                tunnel=self._tunnels.get((bad.local.rpartition(":")[0], source)),
                remote=bad.remote,
                local=bad.local,
                carried=f"{bad.carried:04x}",
                computed=f"{bad.computed:04x}",
            )

    def _open(self) -> None:
        for address in self._addresses:
            with contextlib.suppress(OSError):  # diagnosis does without, where it may not have it
                self._sockets.append(self._open_socket(address))

    def _close(self) -> None:
        while self._sockets:
            self._sockets.pop().close()
