"""What is told of an IKEv1 packet (RFC 2408 section 3, RFC 2409 appendix A)."""

import pytest

from ike.events import DatagramDropped, DropReason
from ike.isakmp import describe
from tests.ike.world import World, counting_random

AES_256 = (("e", 7), ("k", 256), ("h", 2), ("g", 2), ("a", 1))
DES_3 = (("e", 5), ("h", 1), ("g", 14), ("a", 65001))
_TYPES = {"e": 1, "h": 2, "a": 3, "g": 4, "k": 14}


def chained(kind_of_next: int, body: bytes) -> bytes:
    return bytes([kind_of_next, 0]) + (len(body) + 4).to_bytes(2, "big") + body


def transform(attributes: tuple[tuple[str, int], ...], *, last: bool) -> bytes:
    lifetime = b"\x80\x0b\x00\x01\x00\x0c\x00\x04\x00\x01\x51\x80"
    wire = b"".join(
        (0x8000 | _TYPES[kind]).to_bytes(2, "big") + value.to_bytes(2, "big") for kind, value in attributes
    )
    return chained(0 if last else 3, b"\x01\x01\x00\x00" + lifetime + wire)


def packet(
    *offers: tuple[tuple[str, int], ...], exchange: int = 2, flags: int = 0, vendor: bytes = b""
) -> bytes:
    transforms = b"".join(
        transform(offer, last=number == len(offers)) for number, offer in enumerate(offers, 1)
    )
    proposal = chained(0, bytes([1, 1, 0, len(offers)]) + transforms)
    sa = chained(13 if vendor else 0, bytes([0, 0, 0, 1, 0, 0, 0, 1]) + proposal)
    body = sa + (chained(0, vendor) if vendor else b"")
    head = b"cookie-i" + bytes(8) + bytes([1, 0x10, exchange, flags]) + bytes(4)
    return head + (28 + len(body)).to_bytes(4, "big") + body


def test_main_mode_is_told_with_its_offers() -> None:
    assert describe(packet(AES_256, DES_3)) == (
        "IKE version 1.0, expected 2.0: Main Mode; "
        "offers AES-256/SHA1/group 2/pre-shared key, 3DES/MD5/group 14/XAUTH, pre-shared key"
    )


@pytest.mark.parametrize(
    ("exchange", "name"), [(4, "Aggressive Mode"), (5, "Informational"), (32, "Quick Mode"), (99, "type 99")]
)
def test_the_exchange_is_named(exchange: int, name: str) -> None:
    assert name in describe(packet(AES_256, exchange=exchange))


def test_many_offers_are_counted() -> None:
    assert describe(packet(*[AES_256] * 9)).endswith("and 5 more")


def test_unknown_values_are_told_as_numbers_and_missing_ones_as_missing() -> None:
    assert "offers cipher 99/hash 77/group ?/no method" in describe(packet((("e", 99), ("h", 77))))


def test_vendor_ids_are_named() -> None:
    vendor = bytes.fromhex("8299031757a36082c6a621de00000000")
    assert describe(packet(AES_256, vendor=vendor)).endswith("vendor IDs of Fortinet FortiGate")


def test_an_encrypted_packet_is_not_read() -> None:
    assert describe(packet(AES_256, flags=1)).endswith("Main Mode, encrypted")


def test_a_truncated_or_damaged_packet_is_told_as_far_as_it_goes() -> None:
    whole, random = packet(AES_256, DES_3, vendor=b"OE-Libreswan-4"), counting_random("damage")
    for length in range(28, len(whole)):
        assert describe(whole[:length]).startswith("IKE version 1.0, expected 2.0: Main Mode")
    for _ in range(2000):
        position, value = int.from_bytes(random(2), "big") % (len(whole) - 28) + 28, random(1)
        assert describe(whole[:position] + value + whole[position + 1 :]).startswith("IKE version 1.0")


def test_an_ikev1_packet_is_dropped_unanswered_and_told() -> None:
    world = World()
    assert world.deliver(packet(AES_256)) == []
    assert world.drops == [DropReason.OLD_VERSION]
    assert "Main Mode; offers AES-256/SHA1/group 2/pre-shared key" in world.last(DatagramDropped).detail
