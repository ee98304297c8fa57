"""Notices when a tunnel gets its first CHILD SA and when it loses the last, of whichever IKE SA."""

from collections import defaultdict
from collections.abc import Callable

from gateway.records import Record

OnChange = Callable[[str, str], object]
"""Called with the names of the remote network and the tunnel."""


class LiveChildren:
    """Follows the CHILD SAs of all tunnels; subscribe ``on_record`` to a stream.

    Args:
        on_up: Called when a tunnel without CHILD SAs gets one.
        on_down: Called when a tunnel has none any more. A CPE that authenticates itself anew makes the new
            IKE SA before it breaks the old one, or breaks first: only then the tunnel goes down.
    """

    def __init__(self, on_up: OnChange, on_down: OnChange) -> None:
        self._on_up = on_up
        self._on_down = on_down
        self._live: defaultdict[str, set[str]] = defaultdict(set)

    def on_record(self, record: Record) -> None:
        """Take one record into account."""
        if record.tunnel is None or record.remote_network is None:
            return
        live = self._live[record.tunnel]
        if record.name == "child_sa_established":
            live.add(record.data["spi_in"])
            if len(live) == 1:
                self._on_up(record.remote_network, record.tunnel)
        elif record.name == "child_sa_closed" and live:
            live.discard(record.data["spi_in"])
            if not live:
                self._on_down(record.remote_network, record.tunnel)
