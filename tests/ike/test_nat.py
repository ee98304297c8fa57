"""NAT detection hashes and their comparison (RFC 7296 section 2.23)."""

import hashlib

import pytest

from ike.nat import NatStatus, detect, detection_hash

OURS, OTHER = b"o" * 20, b"x" * 20


def test_the_hash_is_sha_1_of_both_spis_the_address_and_the_port() -> None:
    data = b"initiato" + b"responde" + bytes((198, 51, 100, 20)) + (4500).to_bytes(2, "big")
    expected = hashlib.sha1(data, usedforsecurity=False).digest()
    assert detection_hash(b"initiato", b"responde", "198.51.100.20", 4500) == expected


def test_an_ipv6_address_goes_in_with_its_16_octets() -> None:
    data = bytes(16) + bytes.fromhex("20010db8000000000000000000000001") + b"\x01\xf4"
    expected = hashlib.sha1(data, usedforsecurity=False).digest()
    assert detection_hash(bytes(8), bytes(8), "2001:db8::1", 500) == expected


@pytest.mark.parametrize(
    ("sources", "destinations", "remote", "local"),
    [
        ([OURS], [OURS], False, False),
        ([OTHER], [OURS], True, False),
        ([OURS], [OTHER], False, True),
        ([OTHER], [OTHER], True, True),
        ([OTHER, OURS], [OURS], False, False),
        ([OTHER, OTHER], [OURS], True, False),
    ],
)
def test_an_end_is_behind_a_nat_when_none_of_its_hashes_matches(
    sources: list[bytes], destinations: list[bytes], *, remote: bool, local: bool
) -> None:
    status = detect(sources, destinations, OURS, OURS)
    assert status == NatStatus(supported=True, remote_behind_nat=remote, local_behind_nat=local)


@pytest.mark.parametrize(("sources", "destinations"), [([], []), ([OTHER], []), ([], [OTHER])])
def test_without_both_notifications_there_is_no_nat_traversal(
    sources: list[bytes], destinations: list[bytes]
) -> None:
    status = detect(sources, destinations, OURS, OURS)
    assert (status.supported, status.detected) == (False, False)


@pytest.mark.parametrize(
    ("remote", "local", "detected", "follow"),
    [
        (False, False, False, False),
        (True, False, True, True),
        (False, True, True, False),
        (True, True, True, False),
    ],
)
def test_a_nat_on_either_side_is_detected_and_the_peer_is_followed_when_it_alone_is_behind_one(
    *, remote: bool, local: bool, detected: bool, follow: bool
) -> None:
    status = NatStatus(supported=True, remote_behind_nat=remote, local_behind_nat=local)
    assert (status.detected, status.follow_peer) == (detected, follow)
