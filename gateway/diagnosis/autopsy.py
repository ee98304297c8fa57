"""NAT autopsy: from the hash in NAT_DETECTION_SOURCE_IP to what the CPE believes to be.

The hash is SHA-1 over the two SPIs, the address and the port (RFC 7296 section 2.23). Nobody can turn it
back, but private addresses are few enough to try: the usual ones in a fraction of a second, all of RFC 1918
and of 100.64.0.0/10 in about half a minute. A CPE that wants UDP encapsulation in any case, as strongSwan
with ``encap = yes``, sends a hash of nothing; then no address fits, and nothing is said.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network
from itertools import chain

from gateway.diagnosis.facts import Record

PORTS = (500, 4500)
"""Source ports of a CPE's IKE, before any NAT."""
SHARED = IPv4Network("100.64.0.0/10")
"""Addresses between a carrier's NAT and its customers (RFC 6598)."""
_SPIS = 16
"""Octets of the two SPIs."""

_USUAL = (
    *("192.168.0.0/16", "10.0.0.0/16", "172.16.0.0/16", "100.64.0.0/16"),
    *(f"10.{second}.{third}.0/24" for second in range(1, 256) for third in (0, 1)),
    *(f"172.{second}.0.0/24" for second in range(17, 32)),
    *(f"100.{second}.0.0/24" for second in range(65, 128)),
)
_ALL = ("192.168.0.0/16", "172.16.0.0/12", "100.64.0.0/10", "10.0.0.0/8")


@dataclass(frozen=True, kw_only=True)
class Inside:
    """What a CPE believes to be.

    Args:
        address: Its own address.
        port: The port that it sends from.
    """

    address: str
    port: int

    def __str__(self) -> str:
        """``192.168.1.2:500``."""
        return f"{self.address}:{self.port}"


@lru_cache(maxsize=256)
def find_inside(
    spis: str, hashes: str, named: tuple[str, ...] = (), *, thorough: bool = False
) -> Inside | None:
    """The address and port that a CPE's hash was made of.

    Args:
        spis: SPIi and SPIr of the message, hexadecimal.
        hashes: Its NAT_DETECTION_SOURCE_IP hashes, hexadecimal, with commas between them.
        named: Addresses to try first: those that the lab file names.
        thorough: Try every private address rather than the usual ones; takes about half a minute.

    Returns:
        None when no address fits: it is an unusual one, or the hash was made of nothing at all.
    """
    prefix = _octets(spis)
    wanted = frozenset(octets for each in hashes.split(",") if (octets := _octets(each)))
    if len(prefix) != _SPIS or not wanted:
        return None
    candidates = chain((int(IPv4Address(address)) for address in named), _in(_ALL if thorough else _USUAL))
    return _search(prefix, wanted, candidates)


def inside_of(detection: Record, named: Iterable[str] = (), *, thorough: bool = False) -> Inside | None:
    """The same for a ``nat_detection`` record; None when it found no NAT before the CPE."""
    data = detection["data"]
    if not data["status"]["remote_behind_nat"]:
        return None
    return find_inside(data.get("spis", ""), data["source_hash"], tuple(named), thorough=thorough)


def sentence(inside: Inside, arrived: str) -> str:
    """What the NAT did, in one sentence.

    Args:
        inside: What the CPE believes to be.
        arrived: Address and port that its datagram came from.
    """
    address, _, port = arrived.rpartition(":")
    rewritten = [
        word
        for word, same in (("address", address == inside.address), ("port", port == str(inside.port)))
        if not same
    ]
    changed = f"{' and '.join(rewritten)} {'were' if len(rewritten) > 1 else 'was'} rewritten"
    return (
        f"the CPE believes it is {inside}; it arrived as {arrived}: {changed if rewritten else 'unchanged'}"
    )


def _octets(text: str) -> bytes:
    """Octets from hexadecimal; none for what is not."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _in(networks: Iterable[str]) -> Iterator[int]:
    for network in map(IPv4Network, networks):
        first = int(network.network_address)
        yield from range(first, first + network.num_addresses)


def _search(prefix: bytes, wanted: frozenset[bytes], candidates: Iterable[int]) -> Inside | None:
    """Try addresses with both ports; written for speed, it runs millions of times."""
    sha1 = hashlib.sha1
    ends = [port.to_bytes(2, "big") for port in PORTS]
    for address in candidates:
        start = prefix + address.to_bytes(4, "big")
        for end in ends:
            if sha1(start + end, usedforsecurity=False).digest() in wanted:
                return Inside(address=str(IPv4Address(address)), port=int.from_bytes(end, "big"))
    return None
