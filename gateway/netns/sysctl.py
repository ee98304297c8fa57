"""Kernel settings of an inner namespace.

``/proc/sys/net`` shows the namespace of the thread that opens it, so ``write`` runs inside. Whoever owns the
network namespace may write all of these, in a user namespace too.
"""

from collections.abc import Mapping
from pathlib import Path

ROOT = Path("/proc/sys/net")

ROUTING: Mapping[str, str] = {
    # Nothing is forwarded: no path between branches, remote networks or the underlay.
    "ipv4/ip_forward": "0",
    # A branch with two tunnels may send through one and be answered through the other.
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
    # Spread connections, not hosts, over equal-cost routes.
    "ipv4/fib_multipath_hash_policy": "1",
    # The tunnels carry IPv4; no router solicitation or neighbour traffic leaves by itself.
    "ipv6/conf/all/disable_ipv6": "1",
    "ipv6/conf/default/disable_ipv6": "1",
}
"""Path below /proc/sys/net and value."""


def write(settings: Mapping[str, str]) -> None:
    """Write ``settings`` for the calling thread's namespace; without IPv6 there is nothing to switch off.

    Raises:
        OSError: A setting is missing or cannot be written.
    """
    for name, value in settings.items():
        path = ROOT / name
        if name.startswith("ipv6/") and not path.exists():
            continue
        path.write_text(value, encoding="ascii")
