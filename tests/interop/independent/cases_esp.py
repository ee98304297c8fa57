"""What may be wrong with ESP packets, as IP protocol 50 and in UDP."""

import os
from collections.abc import Callable
from typing import Any

from tests.interop.independent.case import ACCEPTED, EspCase, Expected, dropped
from tests.interop.independent.deviation import flipped
from tests.interop.independent.esp import ChildSa, syn
from tests.interop.independent.initiator import Initiator

PORT = 9999
"""Source port of a SYN that must not arrive."""
WINDOW = 1 << 20
"""Far beyond any anti-replay window."""

Packets = Callable[[Initiator], list[bytes]]


COVER: dict[str, Any] = {"next_header": 59}
"""Cover traffic (RFC 4303 section 2.6): authentic, and dropped in silence."""


def child_of(cpe: Initiator) -> ChildSa:
    """The CHILD SA, which is up."""
    if cpe.child is None:
        raise ValueError("no CHILD SA")
    return cpe.child


def inner(cpe: Initiator) -> bytes:
    """An inner packet of 40 octets."""
    return syn(*cpe.inner, PORT)


def one(**how: Any) -> Packets:
    """One packet, sealed with something wrong."""
    return lambda cpe: [child_of(cpe).sealed(inner(cpe), **how)]


def carrying(content: bytes, **how: Any) -> Packets:
    """One packet with another content."""
    return lambda cpe: [child_of(cpe).sealed(content, **how)]


def edited(edit: Callable[[bytes], bytes]) -> Packets:
    """One packet, changed after it was sealed."""
    return lambda cpe: [edit(child_of(cpe).sealed(inner(cpe)))]


def replayed(cpe: Initiator) -> list[bytes]:
    """A packet twice; the content is cover traffic, which is dropped in silence."""
    packet = child_of(cpe).sealed(b"", **COVER)
    return [packet, packet]


def left_of_the_window(cpe: Initiator) -> list[bytes]:
    """A packet far ahead, then one from the beginning."""
    child = child_of(cpe)
    packets = [child.sealed(b"", sequence=n, **COVER) for n in (WINDOW, 1)]
    child.sequence = WINDOW
    return packets


def forged_far_ahead(cpe: Initiator) -> list[bytes]:
    """A number far ahead under a wrong ICV must not move the window: the knock after it has number 1."""
    return [flipped(-1)(child_of(cpe).sealed(inner(cpe), sequence=WINDOW))]


def over_the_edge(cpe: Initiator) -> list[bytes]:
    """With ESN: numbers of the first 2^32, one of the next, and one that was late. All are valid."""
    child = child_of(cpe)
    numbers = (1 << 31, (1 << 32) - 2, (1 << 32) + 1, (1 << 32) - 1)
    packets = [child.sealed(inner(cpe), sequence=n) for n in numbers]
    child.sequence = numbers[2]
    return packets


def exhausted(cpe: Initiator) -> list[bytes]:
    """Without ESN no number comes after the last: number 1 is a replay, wherever the window is."""
    child = child_of(cpe)
    packets = [child.sealed(b"", sequence=n, **COVER) for n in ((1 << 32) - 9, 1)]
    child.sequence = (1 << 32) - 9
    return packets


def tfc(cpe: Initiator) -> list[bytes]:
    """Octets after the inner packet, which hide its length."""
    return [child_of(cpe).sealed(inner(cpe) + bytes(100))]


def out_of_order(cpe: Initiator) -> list[bytes]:
    """Five packets that overtook each other."""
    child = child_of(cpe)
    child.sequence = 5
    return [child.sealed(inner(cpe), sequence=n) for n in (3, 1, 5, 2, 4)]


AUTHENTICATION, MALFORMED, REPLAY = dropped("authentication"), dropped("malformed"), dropped("replay")
PADDING, CONTENT, UNKNOWN = dropped("padding"), dropped("inner_packet"), dropped("unknown_spi")
DUMMY = dropped("dummy")
BEHIND = {"behind_nat": True}
WAYS: dict[str, dict[str, Any]] = {"raw": {}, "UDP": BEHIND}
ESN = {"esn": True}
IPV6 = bytes.fromhex("6000 0000 0000 3b40") + bytes(32)

_TABLE: tuple[tuple[str, Packets, Expected, str], ...] = (
    ("replayed", replayed, REPLAY, "RFC 4303 §3.4.3"),
    ("left of the window", left_of_the_window, REPLAY, "RFC 4303 §3.4.3"),
    ("number 0", one(sequence=0), REPLAY, "RFC 4303 §3.3.3"),
    ("wrong ICV", edited(flipped(-1)), AUTHENTICATION, "RFC 4303 §3.4.4"),
    ("wrong ICV far ahead", forged_far_ahead, AUTHENTICATION, "RFC 4303 §3.4.3"),
    ("changed sequence number", edited(flipped(7)), AUTHENTICATION, "RFC 4303 §3.4.4"),
    ("changed content", edited(flipped(20)), AUTHENTICATION, "RFC 4303 §3.4.4"),
    ("unknown SPI", one(spi=b"\x0a\x0b\x0c\x0d"), UNKNOWN, "RFC 4303 §3.4.2"),
    ("reserved SPI 255", one(spi=b"\0\0\0\xff"), UNKNOWN, "RFC 4303 §2.1"),
    ("our own SPI", lambda cpe: one(spi=child_of(cpe).spi_in)(cpe), UNKNOWN, "RFC 4301 §4.1"),
    ("SPI and sequence number only", edited(lambda p: p[:8]), MALFORMED, "RFC 4303 §2"),
    ("SPI only", edited(lambda p: p[:4]), MALFORMED, "RFC 4303 §2"),
    ("cut by 4 octets", edited(lambda p: p[:-4]), AUTHENTICATION, "RFC 4303 §3.4.4"),
    ("cut by 1 octet", edited(lambda p: p[:-1]), MALFORMED, "RFC 4303 §2.4"),
    ("4 octets too many", edited(lambda p: p + bytes(4)), AUTHENTICATION, "RFC 4303 §3.4.4"),
    ("padding of zeros", one(padding=bytes(6)), PADDING, "RFC 4303 §2.4"),
    ("pad length one too large", one(pad_length=3), PADDING, "RFC 4303 §2.4"),
    ("pad length beyond the packet", one(pad_length=255), PADDING, "RFC 4303 §2.4"),
    ("next header UDP", one(next_header=17), dropped("next_header"), "RFC 4303 §2.6"),
    ("next header 255", one(next_header=255), dropped("next_header"), "RFC 4303 §2.6"),
    ("IPv4 said, IPv6 inside", carrying(IPV6), CONTENT, "RFC 4303 §2.6"),
    ("inner packet cut", carrying(bytes.fromhex("45000054") + bytes(20)), CONTENT, "RFC 4303 §2.7"),
    ("nothing inside", carrying(b""), CONTENT, "RFC 4303 §2.4"),
)
_COUNTED: tuple[tuple[str, Packets, Expected, str], ...] = (
    ("longest padding", carrying(b"", **COVER, padding=bytes(range(1, 255))), DUMMY, "RFC 4303 §2.4"),
    ("next header 59", carrying(os.urandom(20), **COVER), DUMMY, "RFC 4303 §2.6"),
    ("IPv6 inside", carrying(IPV6, next_header=41), dropped("not_ipv4"), "RFC 7296 §2.9"),
)
_ESN: tuple[tuple[str, Packets, Expected, str, int], ...] = (
    ("replayed", replayed, REPLAY, "RFC 4303 §3.4.3", 0),
    ("high half wrong", one(sequence=(1 << 32) + 7), AUTHENTICATION, "RFC 4303 §2.2.1", 0),
    ("left of the window", left_of_the_window, AUTHENTICATION, "RFC 4303 §A2.2", 0),
    ("over 2^32 and on", over_the_edge, ACCEPTED, "RFC 4303 §2.2.1", 4),
)

CASES = [
    *(
        EspCase(f"{way}: {name}", packets, expected, source, options=options)
        for way, options in WAYS.items()
        for name, packets, expected, source in _TABLE
    ),
    *(
        EspCase(f"{way}: {name}", packets, expected, source, options=options, counted=1)
        for way, options in WAYS.items()
        for name, packets, expected, source in _COUNTED
    ),
    *(
        EspCase(
            f"{cipher} with ESN, {way}: {name}",
            packets,
            expected,
            source,
            link,
            {**options, **ESN},
            delivered=n,
        )
        for cipher, link in (("AES-GCM", "default"), ("NULL", "curves"))
        for way, options in WAYS.items()
        for name, packets, expected, source, n in _ESN
    ),
    EspCase("no ESN: number 1 after 2^32 - 9", exhausted, REPLAY, "RFC 4303 §3.3.3"),
    EspCase("NULL: wrong ICV", edited(flipped(-1)), AUTHENTICATION, "RFC 4303 §3.4.4", "curves"),
    EspCase("NULL: padding of zeros", one(padding=bytes(6)), PADDING, "RFC 4303 §2.4", "curves"),
    EspCase("TFC padding", tfc, ACCEPTED, "RFC 4303 §2.7", delivered=1),
    EspCase("out of order", out_of_order, ACCEPTED, "RFC 4303 §3.4.3", delivered=5),
    EspCase("in UDP without a NAT", one(), ACCEPTED, "RFC 7296 §2.23", udp=True, delivered=1),
    EspCase(
        "protocol 50 behind a NAT", one(), ACCEPTED, "RFC 7296 §2.23", options=BEHIND, udp=False, delivered=1
    ),
    EspCase("keepalive", lambda _: [b"\xff"], ACCEPTED, "RFC 3948 §2.3", options=BEHIND),
    EspCase("keepalives without a NAT", lambda _: [b"\xff"] * 9, ACCEPTED, "RFC 3948 §2.3", udp=True),
    EspCase("three octets on port 4500", lambda _: [b"\1\2\3"], ACCEPTED, "RFC 3948 §2.1", udp=True),
    EspCase("no octets on port 4500", lambda _: [b""], ACCEPTED, "RFC 3948 §2.1", udp=True),
    EspCase("non-ESP marker alone", lambda _: [bytes(4)], dropped("too_short"), "RFC 3948 §2.2", udp=True),
]
