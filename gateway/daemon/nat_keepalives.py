"""Tells the NAT keepalives of CPEs: one octet that answers nothing, and keeps the mapping of a NAT."""

import time
from collections.abc import Callable, Mapping

from ike.path import Path

INTERVAL = 15.0
"""Seconds between two records of one tunnel, at least: CPEs send one every 20 s or so."""


class NatKeepalives:
    """Publishes ``nat/nat_keepalive_received`` (RFC 3948 section 2.3).

    Args:
        tunnels: Names by endpoint and device IP address; keepalives from elsewhere are only counted.
        publish: ``Stream.publish``.
        clock: Returns seconds, monotonic.
    """

    def __init__(
        self,
        tunnels: Mapping[tuple[str, str], str],
        publish: Callable[..., object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tunnels = tunnels
        self._publish = publish
        self._clock = clock
        self._told: dict[str, float] = {}

    def on_keepalive(self, path: Path) -> None:
        """Take one; for the endpoint."""
        tunnel = self._tunnels.get((path.local_ip, path.remote_ip))
        if tunnel is None:
            return
        now = self._clock()
        if now - self._told.get(tunnel, -INTERVAL) >= INTERVAL:
            self._told[tunnel] = now
            self._publish(
                "nat", "nat_keepalive_received", tunnel=tunnel, local=path.local, remote=path.remote
            )
