"""The kernel's counters of IPv4 protocols in the network namespace of this process.

RFC 4293 and RFC 4113 name them; how many datagrams are being reassembled is Linux's own.
"""

from pathlib import Path

_COUNTERS = Path("/proc/self/net/snmp")
_SOCKETS = Path("/proc/self/net/sockstat")


def read() -> str:
    """All counters, as the kernel tells them."""
    return _COUNTERS.read_text("ascii")


def of(protocol: str, counters: str) -> dict[str, int]:
    """The counters of ``Ip`` or ``Udp`` by their names, out of what ``read`` returned."""
    names, values = (line.split()[1:] for line in counters.splitlines() if line.startswith(f"{protocol}:"))
    return dict(zip(names, map(int, values), strict=True))


def reassembling() -> int:
    """How many datagrams wait for IP fragments now."""
    lines = map(str.split, _SOCKETS.read_text("ascii").splitlines())
    return next(int(number) for name, _, number, *_ in lines if name == "FRAG:")
