"""NAT autopsy: what a CPE believes to be, from the hash in its NAT_DETECTION_SOURCE_IP.

The hash is SHA-1 over the two SPIs, the address and the port (RFC 7296 section 2.23), so a guess can be
tested. Here the few addresses that a stream names are tried, which costs nothing. The gateway searches all
private addresses in the background and publishes what it found as a ``nat_autopsy``: rules read that, live
and from a recording alike. A CPE that wants UDP encapsulation in any case, as strongSwan with
``encap = yes``, sends a hash of nothing; then no address fits, and none is named.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.diagnosis.facts import Record, TunnelFacts
from ike.nat import detection_hash

AUTOPSY = "nat_autopsy"
"""The record of a search."""
OFFERED, DETECTED = "nat_hashes_offered", "nat_detection"
"""The records that carry hashes: of a request that was dropped, of one that was taken."""
PORTS = (500, 4500)
"""Source ports of a CPE's IKE, before any NAT."""
FORCED = (
    "no private address and port gives its hash: the CPE forces UDP encapsulation, or has an address that "
    "could not be guessed"
)
"""What an exhaustive search without result says."""
_SPI = 8


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


@dataclass(frozen=True, kw_only=True)
class Hashes:
    """The hashes of one message.

    Args:
        spis: SPIi and SPIr of the message, 16 octets, hexadecimal.
        sources: NAT_DETECTION_SOURCE_IP, hexadecimal; a sender may have several.
        remote: ``address:port`` that it came from.
        local: ``address:port`` at which it arrived.
    """

    spis: str
    sources: tuple[str, ...]
    remote: str
    local: str

    @property
    def key(self) -> str:
        """The same for a message that is repeated."""
        return f"{self.spis} {','.join(self.sources)}"

    @property
    def ports(self) -> tuple[int, ...]:
        """Ports that the sender may have, the likeliest first: the one that it sends to, then the other."""
        return tuple(dict.fromkeys((_port(self.local), *PORTS)))


@dataclass(frozen=True, kw_only=True)
class Autopsy:
    """The outcome of a search, as its record has it.

    Args:
        hashes: What was searched for.
        inside: What the sender believes to be; None when nothing fits.
        searched: ``named``: the addresses that the stream names; ``usual``: the private ones that are usual,
            too; ``all``: every private address.
    """

    hashes: Hashes
    inside: Inside | None
    searched: str

    def as_json(self) -> dict[str, Any]:
        """The data of its record."""
        inside = self.inside and {"address": self.inside.address, "port": self.inside.port}
        return {
            "spis": self.hashes.spis,
            "sources": list(self.hashes.sources),
            "remote": self.hashes.remote,
            "local": self.hashes.local,
            "inside": inside,
            "searched": self.searched,
        }


def hashes_of(record: Record) -> Hashes | None:
    """The hashes that a record carries; None where it has none that can be tested."""
    data = record["data"]
    if record["name"] == OFFERED:
        spis, sources = data["spi_i"] + "00" * _SPI, tuple(data["sources"])
    elif record["name"] == AUTOPSY:
        spis, sources = data["spis"], tuple(data["sources"])
    else:
        spis, sources = data.get("spis", ""), tuple(filter(None, data["source_hash"].split(",")))
    if not sources or not all(map(_is_hex, (spis, *sources))) or len(spis) != 4 * _SPI:
        return None
    return Hashes(spis=spis, sources=sources, remote=data["remote"], local=data["local"])


def shows_nat(record: Record) -> bool:
    """Whether its hashes are worth a search: the sender is not where it believes to be."""
    if record["name"] == DETECTED:
        return bool(record["data"]["status"]["remote_behind_nat"])
    return str(record["name"]) == OFFERED


def find_inside(hashes: Hashes, addresses: Iterable[str]) -> Inside | None:
    """Which of the addresses the sender believes to have, and which port; None when it is none of them."""
    spis = bytes.fromhex(hashes.spis)
    ports = dict.fromkeys((*hashes.ports, _port(hashes.remote)))
    guesses = ((address, port) for address in dict.fromkeys(addresses) for port in ports)
    for address, port in guesses:
        if detection_hash(spis[:_SPI], spis[_SPI:], address, port).hex() in hashes.sources:
            return Inside(address=address, port=port)
    return None


def named_addresses(tunnels: Iterable[TunnelFacts], hashes: Hashes) -> list[str]:
    """Every address that the lab file names, and the one that was seen."""
    named = [a for t in tunnels for a in (t.peer, t.peer_bgp, t.endpoint, t.advertised_endpoint, t.local_bgp)]
    return [hashes.remote.rpartition(":")[0], *named]


def of_request(dropped: Record, hashes: Iterable[Record]) -> Record | None:
    """The ``nat_hashes_offered`` of a ``datagram_dropped``: the next one from the same socket."""
    same = (h for h in hashes if h["id"] > dropped["id"] and h["data"]["remote"] == dropped["data"]["remote"])
    return next(same, None)


class Autopsies:
    """What is known of the senders of hashes, from one stream.

    Args:
        tunnels: What is configured.
        records: The ``nat_autopsy`` records, in order.
    """

    def __init__(self, tunnels: Iterable[TunnelFacts], records: Iterable[Record]) -> None:
        self._tunnels = tuple(tunnels)
        self._known: dict[str, Mapping[str, Any]] = {}
        for record in records:
            hashes = hashes_of(record)
            if hashes is not None:
                self._known[hashes.key] = record["data"]

    def inside(self, record: Record) -> Inside | None:
        """What the sender of a record's hashes believes to be; None where that is not known."""
        hashes = hashes_of(record)
        if hashes is None or not shows_nat(record):
            return None
        known = self._known.get(hashes.key)
        if known is not None and known["inside"] is not None:
            return Inside(**known["inside"])
        return find_inside(hashes, named_addresses(self._tunnels, hashes))

    def account(self, record: Record) -> str:
        """One sentence about the sender of a record's hashes; empty where nothing is known of it."""
        inside = self.inside(record)
        if inside is not None:
            return sentence(inside, record["data"]["remote"])
        hashes = hashes_of(record)
        known = self._known.get(hashes.key) if hashes is not None else None
        return FORCED if known is not None and known["searched"] == "all" else ""


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


def _port(end: str) -> int:
    return int(end.rpartition(":")[2])


def _is_hex(text: str) -> bool:
    try:
        bytes.fromhex(text)
    except ValueError:
        return False
    return bool(text)
