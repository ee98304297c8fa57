"""Which private address and port a NAT detection hash was made of: a search, and the program that runs it.

The hash is SHA-1 over the two SPIs, the address and the port (RFC 7296 section 2.23). Nobody can turn it
back, but private addresses are few enough to try: those that routers give their customers in a second or
two, all of RFC 1918 and of 100.64.0.0/10 (RFC 6598) in minutes. That is too long for an event loop, so the
gateway runs this file as a program of its own, at the lowest priority; it needs nothing but the standard
library. It reads one JSON object, ``{"prefix", "wanted", "ports", "thorough"}``, and writes another one.
"""

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

Socket = tuple[str, int]
"""An address and a UDP port."""

_USUAL = (
    *("192.168.0.0/16", "10.0.0.0/16", "172.16.0.0/16", "100.64.0.0/16"),
    *(f"10.{second}.{third}.0/24" for second in range(1, 256) for third in (0, 1)),
    *(f"172.{second}.0.0/24" for second in range(17, 32)),
    *(f"100.{second}.0.0/24" for second in range(65, 128)),
)
_ALL = ("192.168.0.0/16", "172.16.0.0/12", "100.64.0.0/10", "10.0.0.0/8")
_LOWEST = 19
_AUTOGROUP = Path("/proc/self/autogroup")
_ORPHANED = 1
"""Exit status of a search that nobody waits for any more."""


def search(prefix: bytes, wanted: Iterable[bytes], ports: Sequence[int], *, thorough: bool) -> Socket | None:
    """The private address and port that one of the hashes was made of.

    Args:
        prefix: The two SPIs, 16 octets.
        wanted: The hashes, 20 octets each.
        ports: What to try, the likeliest first: all addresses with it, before the next.
        thorough: Try every private address rather than the usual ones.

    Returns:
        None when none fits.
    """
    hashes, parent = frozenset(wanted), os.getppid()
    for port in ports:
        for network in map(IPv4Network, _ALL if thorough else _USUAL):
            for block in _blocks(network):
                if os.getppid() != parent:  # the gateway was killed
                    raise SystemExit(_ORPHANED)
                found = _try(prefix, hashes, block, port.to_bytes(2, "big"))
                if found is not None:
                    return str(IPv4Address(found)), port
    return None


_BLOCK = 1 << 16


def _blocks(network: IPv4Network) -> Iterator[range]:
    """Its addresses as numbers, some at a time."""
    first, end = int(network.network_address), int(network.broadcast_address) + 1
    return (range(start, min(end, start + _BLOCK)) for start in range(first, end, _BLOCK))


def _try(prefix: bytes, wanted: frozenset[bytes], addresses: range, end: bytes) -> int | None:
    """Written for speed: it runs millions of times."""
    sha1 = hashlib.sha1
    for address in addresses:
        hashed = sha1(prefix + address.to_bytes(4, "big") + end, usedforsecurity=False)
        if hashed.digest() in wanted:
            return address
    return None


def _take_only_what_is_idle() -> None:
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    # Linux shares processors among sessions first (sched(7), autogroups): as part of the gateway's own, this
    # process would be paid for by every other program of the machine.
    with contextlib.suppress(OSError):
        os.setsid()
        _AUTOGROUP.write_text(str(_LOWEST))


def _main() -> None:
    _take_only_what_is_idle()
    asked: dict[str, Any] = json.load(sys.stdin)
    found = search(
        bytes.fromhex(asked["prefix"]),
        map(bytes.fromhex, asked["wanted"]),
        asked["ports"],
        thorough=asked["thorough"],
    )
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    _main()
