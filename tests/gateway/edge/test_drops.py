"""How drops are read from nftables and told."""

from ipaddress import IPv4Address
from typing import Any

import pytest

from gateway.edge.drops import Drop, DropReason, parse_drops, parse_totals

LISTING: dict[str, Any] = {
    "nftables": [
        {"metainfo": {"version": "1.0.6"}},
        *(
            {"counter": {"name": reason.value, "packets": reason.number, "bytes": 60}}
            for reason in DropReason
        ),
        {"set": {"name": "covered", "elem": [{"prefix": {"addr": "13.0.0.0", "len": 8}}, "1.2.3.4"]}},
        {"set": {"name": "dropped"}},
        {
            "set": {
                "name": "dropped_with_port",
                "elem": [
                    {
                        "elem": {
                            "val": {"concat": [1, "10.1.0.10", "192.0.2.80", "tcp", 443]},
                            "counter": {"packets": 3, "bytes": 180},
                        }
                    },
                    {
                        "elem": {
                            "val": {
                                "concat": [DropReason.BGP_ADDRESS_PING.number, "10.1.0.10", "192.0.2.1", 47]
                            },
                            "counter": {"packets": 9, "bytes": 180},
                        }
                    },
                ],
            }
        },
    ]
}


def test_elements_become_drops_most_packets_first() -> None:
    gre, https = parse_drops(LISTING)
    assert https == Drop(
        reason=DropReason.OUTSIDE_PROFILES,
        source=IPv4Address("10.1.0.10"),
        destination=IPv4Address("192.0.2.80"),
        protocol="tcp",
        port=443,
        packets=3,
    )
    assert (gre.reason, gre.protocol, gre.port) == (DropReason.BGP_ADDRESS_PING, "47", None)


def test_totals_have_every_reason() -> None:
    assert parse_totals(LISTING) == {reason: reason.number for reason in DropReason}


def test_a_drop_reads_as_a_sentence() -> None:
    assert str(parse_drops(LISTING)[1]) == (
        "10.1.0.10 -> 192.0.2.80 tcp/443, 3 packets: no associated traffic profile covers the destination"
    )


def test_one_packet_is_singular_and_ping_has_no_port() -> None:
    drop = Drop(
        reason=DropReason.BGP_ADDRESS_PING,
        source=IPv4Address("10.1.0.10"),
        destination=IPv4Address("198.51.100.1"),
        protocol="icmp",
        port=None,
        packets=1,
    )
    assert str(drop).startswith("10.1.0.10 -> 198.51.100.1 icmp, 1 packet: ")
    assert "port" not in drop.as_json()


@pytest.mark.parametrize("reason", DropReason)
def test_every_reason_is_explained(reason: DropReason) -> None:
    assert reason.explanation
