"""What NAT detection hashes give away: the address and port that their sender believes to have.

A hash is SHA-1 over the SPIs, an address and a port (RFC 7296 section 2.23), so a guess can be tested.
"""

from collections.abc import Iterable, Sequence

from gateway.diagnosis.facts import Record, TunnelFacts
from gateway.diagnosis.history import host
from ike.nat import detection_hash

Socket = tuple[str, int]
"""An address and a UDP port."""

_PORTS = (500, 4500)
_NO_SPI = bytes(8)


def of_request(dropped: Record, hashes: Sequence[Record]) -> Record | None:
    """The ``nat_hashes_offered`` of a ``datagram_dropped``: the next one from the same socket."""
    same = (h for h in hashes if h["id"] > dropped["id"] and h["data"]["remote"] == dropped["data"]["remote"])
    return next(same, None)


def believed_source(offered: Record, addresses: Iterable[str]) -> Socket | None:
    """Which of the addresses, and which port, the sender believes to have; None when it is none of them.

    Args:
        offered: A ``nat_hashes_offered`` record.
        addresses: What to try, with UDP 500, 4500 and the port that was seen.
    """
    data = offered["data"]
    spi, hashes = bytes.fromhex(data["spi_i"]), set(data["sources"])
    ports = dict.fromkeys((*_PORTS, int(data["remote"].rpartition(":")[2])))
    guesses = ((address, port) for address in dict.fromkeys(addresses) for port in ports)
    return next((g for g in guesses if detection_hash(spi, _NO_SPI, *g).hex() in hashes), None)


def named_addresses(tunnels: Iterable[TunnelFacts], offered: Record) -> list[str]:
    """Every address that the lab file names, and the one that was seen."""
    named = [a for t in tunnels for a in (t.peer, t.peer_bgp, t.endpoint, t.advertised_endpoint, t.local_bgp)]
    return [host(offered["data"]["remote"]), *named]


def socket(of: Socket) -> str:
    """``192.168.1.2:500``."""
    return f"{of[0]}:{of[1]}"
