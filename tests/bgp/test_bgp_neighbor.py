"""What a neighbour may be."""

from ipaddress import IPv4Address

import pytest

from bgp.notification import notification_name
from tests.bgp.sandbox import neighbor


@pytest.mark.parametrize("hold_time", [0, 3, 180, 65535])
def test_a_hold_time_is_zero_or_at_least_three_seconds(hold_time: int) -> None:
    assert neighbor(hold_time=hold_time).hold_time == hold_time


@pytest.mark.parametrize("hold_time", [-1, 1, 2, 65536])
def test_other_hold_times_are_refused(hold_time: int) -> None:
    with pytest.raises(ValueError, match=rf"saw hold time {hold_time} s, expected 0 or 3 to 65535 s"):
        neighbor(hold_time=hold_time)


@pytest.mark.parametrize("side", ["local_as", "peer_as"])
@pytest.mark.parametrize("asn", [0, 2**32])
def test_an_as_number_out_of_range_is_refused(side: str, asn: int) -> None:
    with pytest.raises(ValueError, match=rf"saw AS number {asn}"):
        neighbor(**{side: asn})


def test_sessions_are_told_apart_by_local_and_peer_address() -> None:
    assert neighbor(1).endpoints == (IPv4Address("192.168.1.3"), IPv4Address("10.1.1.2"))


@pytest.mark.parametrize(
    ("code", "subcode", "name"),
    [
        (2, 2, "OPEN Message Error / Bad Peer AS"),
        (4, 0, "Hold Timer Expired"),
        (6, 2, "Cease / Administrative Shutdown"),
        (6, 99, "Cease / subcode 99"),
        (99, 1, "code 99 / subcode 1"),
    ],
)
def test_notifications_have_the_names_of_the_registry(code: int, subcode: int, name: str) -> None:
    assert notification_name(code, subcode) == name
