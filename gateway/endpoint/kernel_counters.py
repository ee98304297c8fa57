"""The kernel's counters of IPv4 protocols in the network namespace of this process (RFC 2011, RFC 2013)."""

from pathlib import Path

_COUNTERS = Path("/proc/self/net/snmp")


def read() -> str:
    """All counters, as the kernel tells them."""
    return _COUNTERS.read_text("ascii")


def of(protocol: str, counters: str) -> dict[str, int]:
    """The counters of ``Ip`` or ``Udp`` by their names, out of what ``read`` returned."""
    names, values = (line.split()[1:] for line in counters.splitlines() if line.startswith(f"{protocol}:"))
    return dict(zip(names, map(int, values), strict=True))
