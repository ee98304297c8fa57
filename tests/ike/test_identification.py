"""Identities as text (RFC 7296 section 3.5)."""

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

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
        (IdType.ID_KEY_ID, b"\x00key", "006b6579 (ID_KEY_ID)"),
        (IdType.ID_DER_ASN1_DN, b"0\x03no", "30036e6f (ID_DER_ASN1_DN)"),
        (77, b"\x01", "01 (IdType(77))"),
    ],
)
def test_anything_else_is_shown_in_hexadecimal(kind: int, data: bytes, text: str) -> None:
    assert Identification(kind, data).text == text


def test_a_key_id_that_is_text_is_shown_as_text() -> None:
    assert Identification(IdType.ID_KEY_ID, b"branch 1").text == "branch 1 (ID_KEY_ID)"


def test_a_distinguished_name_is_shown_by_its_attributes() -> None:
    names = [
        (NameOID.COUNTRY_NAME, "US"),
        (NameOID.ORGANIZATION_NAME, "Bränch"),
        (NameOID.COMMON_NAME, "a\nb"),
    ]
    der = x509.Name([x509.NameAttribute(oid, value) for oid, value in names]).public_bytes()
    assert Identification(IdType.ID_DER_ASN1_DN, der).text == r"C=US, O=Bränch, CN=a\nb (ID_DER_ASN1_DN)"


@given(st.binary(max_size=60))
def test_any_octets_have_a_text(data: bytes) -> None:
    assert Identification(IdType.ID_DER_ASN1_DN, data).text.endswith(" (ID_DER_ASN1_DN)")


@given(st.binary(max_size=30))
def test_any_octets_behind_the_tag_of_a_name_have_a_text(data: bytes) -> None:
    der = bytes([0x30, len(data)]) + data
    assert Identification(IdType.ID_DER_ASN1_DN, der).text.endswith(" (ID_DER_ASN1_DN)")
