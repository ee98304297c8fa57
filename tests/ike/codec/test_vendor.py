"""Vendor ID payload (RFC 7296 section 3.12)."""

from ike.codec import VendorPayload
from ike.codec.reader import Reader


def test_the_body_is_the_vendor_id() -> None:
    assert VendorPayload.parse(Reader(b"strongSwan")) == VendorPayload(b"strongSwan")
    assert VendorPayload(b"strongSwan").build() == b"strongSwan"


def test_printable_text_is_shown_as_text() -> None:
    assert VendorPayload(b"strongSwan").describe() == {
        "payload": "VENDOR",
        "vendor_id": b"strongSwan".hex(),
        "text": "strongSwan",
    }


def test_octets_that_are_no_printable_ascii_are_shown_in_hexadecimal_only() -> None:
    for vendor_id in (b"\x1b[2J", "é".encode(), b"\xff\x00", b""):
        assert VendorPayload(vendor_id).describe() == {"payload": "VENDOR", "vendor_id": vendor_id.hex()}
