"""What becomes of a pre-shared key on its way into a CPE."""

import base64

import pytest

from gateway.model.key_variants import variants

KEY = "Long Shared\\Secret&42"


def hints(key: str, entered: bytes) -> list[str]:
    return [variant.hint for variant in variants(key.encode()) if variant.psk == entered]


@pytest.mark.parametrize(
    ("entered", "hint"),
    [
        (KEY + "\n", "with a line break added at its end"),
        (KEY + "\r\n", "with a line break (CR LF) added at its end"),
        (KEY + " \r\n", "with a space and a line break (CR LF) added at its end"),
        (KEY + " ", "with a space added at its end"),
        (" " + KEY, "with a space added before it"),
        (f'"{KEY}"', "in quotes"),
        (f"'{KEY}'", "in single quotes"),
        (f'"{KEY}"\n', "in quotes, with a line break added at its end"),
        (KEY.lower(), "in lower case"),
        (KEY.upper(), "in upper case"),
        ("l" + KEY[1:], "with its first letter in the other case"),
        (KEY.replace("&", "&amp;"), "with HTML escapes (&amp; for &)"),
        (KEY.replace("\\", ""), "without its backslashes"),
        (KEY[:16], "cut off after 16 octets"),
        ("0x" + KEY, "with 0x before it, taken as text"),
        ("", "left out: an empty key"),
        (KEY + KEY, "entered twice"),
    ],
)
def test_an_accident_is_recognised(entered: str, hint: str) -> None:
    assert hints(KEY, entered.encode()) == [hint]


@pytest.mark.parametrize(
    ("key", "entered", "hint"),
    [
        ("bG9uZy1zaGFyZWQ=", b"long-shared", "decoded as base64"),
        ("0sbG9uZy1zaGFyZWQ=", b"long-shared", "decoded as base64"),
        ("c0ffee00c0ffee00", bytes.fromhex("c0ffee00c0ffee00"), "decoded as hexadecimal"),
        ("0xC0FFEE00", bytes.fromhex("c0ffee00"), "decoded as hexadecimal"),
        ("long-shared", base64.b64encode(b"long-shared"), "in base64, taken as text"),
        ("secret\n", b"secret", "without the white space around it"),
        ('"secret"', b"secret", "without the quotes around it"),
    ],
)
def test_what_one_side_decodes_or_strips_is_recognised(key: str, entered: bytes, hint: str) -> None:
    assert hints(key, entered) == [hint]


def test_the_key_itself_is_no_variant_and_none_is_there_twice() -> None:
    keys = [variant.psk for variant in variants(b"1234567890")]
    assert b"1234567890" not in keys
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("key", [KEY.encode(), b"12345678", b"\xff\xfe" * 8, "schl\u00fcssel".encode()])
def test_no_hint_shows_a_part_of_the_key(key: bytes) -> None:
    for variant in variants(key):
        assert key.decode(errors="replace") not in variant.hint
        assert variant.psk.decode(errors="replace") not in repr(variant) or variant.psk == b""
