"""How a message of the independent initiator may differ from a correct one.

A message is made in stages, and a deviation may change the result of any of them; what comes later is
computed from what it left, so that a lie about a length is authenticated like everything else::

    payloads ─► octets of the chain ─► with padding ─► header and SK header ─► sealed datagram
       parts        inner                 plaintext        head                  datagram
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.interop.independent import payloads
from tests.interop.independent.payloads import HEADER, Part

Octets = Callable[[bytes], bytes]
Parts = Callable[[list[Part]], list[Part]]


def same_octets(octets: bytes) -> bytes:
    """No deviation."""
    return octets


def same_parts(parts: list[Part]) -> list[Part]:
    """No deviation."""
    return parts


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """What to do to one message; see the module.

    Args:
        parts: To the payloads; of a protected message: those inside.
        inner: To the octets of the linked payloads, before they are padded and encrypted.
        plaintext: To the same with padding and pad length.
        header: Fields of scapy's IKE header to override: ``flags``, ``id``, ``exch_type``, ``version``,
            ``init_SPI``, ``resp_SPI``, ``next_payload``, ``length``.
        sk_header: To the generic header of the SK payload.
        datagram: To the finished message, after the ICV.
        first_inner: Next Payload of the SK payload, instead of the type of the first payload inside.
        outer: Payloads in clear before the SK payload.
        clear: Send the payloads of a protected message without an SK payload.
        port: Port to send to, and from, instead of the one in use.
        marker: Whether the non-ESP marker stands in front; None: as the port wants.
    """

    parts: Parts = same_parts
    inner: Octets = same_octets
    plaintext: Octets = same_octets
    header: dict[str, Any] = field(default_factory=dict)
    sk_header: Octets = same_octets
    datagram: Octets = same_octets
    first_inner: int | None = None
    outer: Sequence[Part] = ()
    clear: bool = False
    port: int | None = None
    marker: bool | None = None


HONEST = Deviation()


def header(**fields: Any) -> Deviation:
    """Other values in the IKE header."""
    return Deviation(header=fields)


def without(*kinds: int) -> Deviation:
    """Leave payloads out."""
    return Deviation(parts=lambda parts: [p for p in parts if p.kind not in kinds])


def twice(kind: int) -> Deviation:
    """Send a payload twice, one after the other."""
    return Deviation(parts=lambda parts: [q for p in parts for q in ([p, p] if p.kind == kind else [p])])


def adding(*more: Part) -> Deviation:
    """Append payloads."""
    return Deviation(parts=lambda parts: [*parts, *more])


def first(*more: Part) -> Deviation:
    """Put payloads in front."""
    return Deviation(parts=lambda parts: [*more, *parts])


def instead(*new: Part) -> Deviation:
    """Put payloads in the place of those of the same type; together, where there are several of one type."""
    kinds = {part.kind for part in new}

    def edit(parts: list[Part]) -> list[Part]:
        edited: list[Part] = []
        for part in parts:
            if part.kind not in kinds:
                edited.append(part)
            elif part.kind not in {p.kind for p in edited}:
                edited += [p for p in new if p.kind == part.kind]
        return edited

    return Deviation(parts=edit)


def only(*parts: Part) -> Deviation:
    """Send these payloads and no others."""
    return Deviation(parts=lambda _: list(parts))


def fields(kind: int, **values: Any) -> Deviation:
    """Other values in scapy's fields of one payload: ``flags``, ``res2``, ``group``, ``length`` ..."""
    return Deviation(parts=lambda parts: [p.but(**values) if p.kind == kind else p for p in parts])


def body(kind: int, edit: Octets) -> Deviation:
    """Edit the octets after the generic header of one payload."""
    return Deviation(
        parts=lambda parts: [
            payloads.raw(p.kind, edit(p.body()), critical=bool(p.packet.flags)) if p.kind == kind else p
            for p in parts
        ]
    )


def at(offset: int, octets: bytes) -> Octets:
    """Overwrite octets."""
    return lambda whole: whole[:offset] + octets + whole[offset + len(octets) :]


def flipped(offset: int) -> Octets:
    """Invert one octet, counted from the end when negative."""

    def edit(octets: bytes) -> bytes:
        changed = bytearray(octets)
        changed[offset] ^= 0xFF
        return bytes(changed)

    return edit


def said_length(add: int) -> Deviation:
    """A header whose length is off by ``add``."""
    return Deviation(datagram=lambda octets: at(24, struct.pack("!I", max(0, len(octets) + add)))(octets))


def first_payload_length(length: int, *, protected: bool = False) -> Deviation:
    """Another length in the first payload's generic header, inside the SK payload when ``protected``."""
    octets = struct.pack("!H", length)
    return Deviation(inner=at(2, octets)) if protected else Deviation(datagram=at(HEADER + 2, octets))


def both(one: Deviation, other: Deviation) -> Deviation:
    """Two deviations of different stages in one message."""
    changed = {
        name: getattr(other, name)
        for name in Deviation.__dataclass_fields__
        if getattr(other, name) != getattr(HONEST, name)
    }
    return replace(one, **changed)
