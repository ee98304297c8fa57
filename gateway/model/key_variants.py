"""What becomes of a pre-shared key on its way into a CPE: the usual accidents, as keys to be tried.

Each hint says what the CPE's key is, as the end of "the device link's key ...", and nothing of the
key itself.
"""

import base64
import binascii
import html
from collections.abc import Callable, Iterator
from urllib.parse import quote, unquote

from ike.config import CandidateKey

_ENDS = {
    "\n": "a line break",
    "\r\n": "a line break (CR LF)",
    "\r": "a carriage return",
    " \n": "a space and a line break",
    " \r\n": "a space and a line break (CR LF)",
    " ": "a space",
    "\t": "a tab",
    "\0": "a zero octet",
}
_QUOTES = {'"': "in quotes", "'": "in single quotes", "`": "in backticks"}
_LENGTHS = (8, 16, 20, 24, 30, 31, 32, 48, 50, 60, 63, 64, 96, 100, 127, 128)
"""Lengths at which devices cut a key off."""


def variants(psk: bytes) -> tuple[CandidateKey, ...]:
    """Keys that people confuse with this one, without repetition; none is the key itself."""
    tried = {psk}
    found = []
    for key, hint in _all(psk):
        if key not in tried:
            tried.add(key)
            found.append(CandidateKey(psk=key, hint=hint))
    return tuple(found)


def _all(psk: bytes) -> Iterator[tuple[bytes, str]]:
    yield b"", "left out: an empty key"
    try:
        text = psk.decode()
    except UnicodeDecodeError:
        return
    for changed, hint in (*_surrounded(text), *_in_other_letters(text), *_escaped(text)):
        yield changed.encode(), hint
    yield from _encoded(psk, text)
    for length in _LENGTHS:
        if length < len(psk):
            yield psk[:length], f"cut off after {length} octets"


def _surrounded(text: str) -> Iterator[tuple[str, str]]:
    for end, name in _ENDS.items():
        yield text + end, f"with {name} added at its end"
    yield " " + text, "with a space added before it"
    yield text.strip(), "without the white space around it"
    for mark, hint in _QUOTES.items():
        yield f"{mark}{text}{mark}", hint
        yield text.strip(mark), f"without the {hint.removeprefix('in ')} around it"
        yield f"{mark}{text}{mark}\n", f"{hint}, with a line break added at its end"
    yield text + text, "entered twice"


def _in_other_letters(text: str) -> Iterator[tuple[str, str]]:
    yield text.lower(), "in lower case"
    yield text.upper(), "in upper case"
    yield text.swapcase(), "with upper and lower case swapped"
    yield text[:1].swapcase() + text[1:], "with its first letter in the other case"


def _escaped(text: str) -> Iterator[tuple[str, str]]:
    yield html.escape(text), "with HTML escapes (&amp; for &)"
    yield html.unescape(text), "with its HTML escapes resolved"
    yield quote(text, safe=""), "with URL escapes (%20 for a space)"
    yield unquote(text), "with its URL escapes resolved"
    yield text.replace("\\", ""), "without its backslashes"
    yield text.replace("\\", "\\\\"), "with its backslashes doubled"


def _encoded(psk: bytes, text: str) -> Iterator[tuple[bytes, str]]:
    stripped = text.strip()
    for prefix in ("", "0s", "0S"):
        if stripped.startswith(prefix):
            yield from _decoded(lambda t: base64.b64decode(t, validate=True), stripped, prefix, "base64")
    for prefix in ("", "0x", "0X"):
        if stripped.startswith(prefix):
            yield from _decoded(bytes.fromhex, stripped, prefix, "hexadecimal")
    yield base64.b64encode(psk), "in base64, taken as text"
    yield psk.hex().encode(), "in hexadecimal, taken as text"
    yield psk.hex().upper().encode(), "in upper-case hexadecimal, taken as text"
    yield b"0x" + psk, "with 0x before it, taken as text"
    yield b"0s" + psk, "with 0s before it, taken as text"
    yield text.encode("utf-16-le"), "in UTF-16"
    yield text.encode("latin-1", "ignore"), "in Latin-1 instead of UTF-8"


def _decoded(
    decode: Callable[[str], bytes], text: str, prefix: str, name: str
) -> Iterator[tuple[bytes, str]]:
    try:
        yield decode(text.removeprefix(prefix)), f"decoded as {name}"
    except (ValueError, binascii.Error):
        return
