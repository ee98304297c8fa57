"""Who is known to send a vendor ID."""

import pytest

from ike.codec import VendorPayload
from ike.door_events import VendorsNamed
from ike.vendors import MAX_OCTETS, MAX_UNKNOWN, name_of_vendor, sort_out
from tests.ike.initiator import Initiator
from tests.ike.world import World


@pytest.mark.parametrize(
    ("vendor_id", "name"),
    [
        (bytes.fromhex("882fe56d6fd20dbc2251613b2ebe5beb"), "strongSwan"),
        (b"OE-Libreswan-4.12", "Libreswan"),
        (bytes.fromhex("7003cbc1097dbe9c2600ba6983bc8b35"), "racoon"),
        (bytes.fromhex("1e2b516905991c7d7c96fcbfb587e46100000009"), "Windows"),
        (b"CISCO-DELETE-REASON", "Cisco"),
        (b"CISCO(COPYRIGHT)&Copyright (c) 2009 Cisco Systems, Inc.", "Cisco"),
        (b"FLEXVPN-SUPPORTED", "Cisco"),
        (bytes.fromhex("12f5f28c457168a9702d9fe274cc0100"), "Cisco"),
        (bytes.fromhex("8299031757a36082c6a621de00000000"), "Fortinet FortiGate"),
        (bytes.fromhex("f4ed19e0c114eb516faaac0ee37daf2807b4381f000000010000138d"), "Check Point"),
        (bytes.fromhex("699369228741c6d4ca094c93e242c9de19e7b7c60000000500000500"), "Juniper"),
        (bytes.fromhex("afcad71368a1f1c96b8696fc77570100"), None),
        (b"", None),
    ],
)
def test_a_vendor_id_is_named_by_what_it_begins_with(vendor_id: bytes, name: str | None) -> None:
    assert name_of_vendor(vendor_id) == name


def test_names_and_unknown_ids_are_told_once_each_in_their_order() -> None:
    ids = [b"CISCO-DELETE-REASON", b"\x01\x02", b"FLEXVPN-SUPPORTED", b"\x01\x02", b"OE-Libreswan-5"]
    assert sort_out(ids) == (("Cisco", "Libreswan"), ("0102",))


def test_unknown_ids_are_bounded_in_number_and_length() -> None:
    _, unknown = sort_out(number.to_bytes(2, "big") * 500 for number in range(100))
    assert len(unknown) == MAX_UNKNOWN
    assert {len(text) for text in unknown} == {2 * MAX_OCTETS}


def test_the_vendor_ids_of_ike_sa_init_are_reported() -> None:
    world = World()
    cpe = Initiator(world)
    ids = [VendorPayload(b"CISCO-DELETE-REASON"), VendorPayload(b"\xff\xee")]
    cpe.send_init([*cpe.init_payloads(), *ids])
    event = world.last(VendorsNamed)
    assert (event.peer, event.known, event.unknown) == ("branch/cpe/0", ("Cisco",), ("ffee",))


def test_without_vendor_ids_nothing_is_reported() -> None:
    world = World()
    Initiator(world).send_init()
    assert world.of(VendorsNamed) == []
