"""Identities as text (RFC 7296 section 3.5)."""

import pytest

from ike.constants import IdType
from ike.identification import Identification


@pytest.mark.parametrize(
    ("address", "kind", "octets"),
    [("198.51.100.10", IdType.ID_IPV4_ADDR, 4), ("2001:db8::10", IdType.ID_IPV6_ADDR, 16)],
)
def test_an_address_becomes_an_identity_of_its_family(address: str, kind: IdType, octets: int) -> None:
    identity = Identification.from_address(address)
    assert (identity.type, len(identity.data)) == (kind, octets)
    assert identity.text == f"{address} ({kind.name})"


@pytest.mark.parametrize("kind", [IdType.ID_FQDN, IdType.ID_RFC822_ADDR])
def test_names_are_shown_as_text(kind: IdType) -> None:
    assert Identification(kind, "zürich.example".encode()).text == f"zürich.example ({kind.name})"


def test_a_name_cannot_control_the_terminal() -> None:
    identity = Identification(IdType.ID_FQDN, b"a\x1b[2J\nb\xff")
    assert identity.text == r"a\x1b[2J\nb\xff (ID_FQDN)"


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        (IdType.ID_IPV4_ADDR, b"\x0a\x00", "0a00 (ID_IPV4_ADDR)"),
        (IdType.ID_IPV6_ADDR, b"\x0a\x00\x00\x01", "0a000001 (ID_IPV6_ADDR)"),
        (IdType.ID_KEY_ID, b"key", "6b6579 (ID_KEY_ID)"),
        (77, b"\x01", "01 (IdType(77))"),
    ],
)
def test_anything_else_is_shown_in_hexadecimal(kind: int, data: bytes, text: str) -> None:
    assert Identification(kind, data).text == text
