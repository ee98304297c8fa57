"""Names the senders of vendor IDs (RFC 7296 section 3.12).

Only what can be checked is here: texts that name themselves, hashes of a known text, and IDs that a vendor's
own log or several independent fingerprint lists give that name. A vendor ID is a hint, never a proof.
"""

from collections.abc import Iterable
from hashlib import md5

MAX_UNKNOWN = 8
"""Unknown vendor IDs that are told; a message may hold hundreds."""
MAX_OCTETS = 64
"""Octets that are told of an unknown one."""


def _hash(text: str) -> bytes:
    return md5(text.encode(), usedforsecurity=False).digest()


_PREFIXES: dict[bytes, str] = {
    _hash("strongSwan"): "strongSwan",
    b"OE-Libreswan-": "Libreswan",
    _hash("KAME/racoon"): "racoon",
    # A version of four octets follows.
    _hash("MS NT5 ISAKMPOAKLEY"): "Windows",
    b"CISCO-DELETE-REASON": "Cisco",
    b"CISCO-DYNAMIC-ROUTE": "Cisco",
    b"CISCO(COPYRIGHT)": "Cisco",
    b"FLEXVPN-SUPPORTED": "Cisco",
    # The last two octets of the hash are replaced by a version.
    _hash("CISCO-UNITY")[:14]: "Cisco",
    # FortiOS calls it "VID FORTIGATE" in its own log; a version follows.
    bytes.fromhex("8299031757a36082c6a621de"): "Fortinet FortiGate",
    bytes.fromhex("f4ed19e0c114eb516faaac0ee37daf2807b4381f"): "Check Point",
    bytes.fromhex("699369228741c6d4ca094c93e242c9de19e7b7c6"): "Juniper",
}
_LENGTHS = sorted({len(prefix) for prefix in _PREFIXES})


def name_of_vendor(vendor_id: bytes) -> str | None:
    """Who is known to send this vendor ID; None when nobody is."""
    found = (_PREFIXES.get(vendor_id[:length]) for length in _LENGTHS)
    return next((name for name in found if name), None)


def sort_out(vendor_ids: Iterable[bytes]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names among vendor IDs, and the unknown ones in hexadecimal; without repetition, and bounded."""
    known: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for vendor_id in vendor_ids:
        name = name_of_vendor(vendor_id)
        if name:
            known[name] = None
        elif len(unknown) < MAX_UNKNOWN:
            unknown[vendor_id[:MAX_OCTETS].hex()] = None
    return tuple(known), tuple(unknown)
