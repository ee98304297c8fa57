"""What ``gsalab status`` prints: one paragraph per tunnel, two lines per SA."""

from typing import Any

from gateway.cli.status_text import lines

NOW = 100_000.0
IKE = {
    "spi": "aa_bb",
    "suite": "AES_GCM_16-256 / PRF_HMAC_SHA2_384 / MODP_2048_256",
    "identity": "203.0.113.10",
    "remote": "203.0.113.10:4500",
    "since": NOW - 25_500,
    "heard": NOW - 3,
}
CHILD = {
    "spi_in": "c0ffee01",
    "spi_out": "00000abc",
    "ike_spi": "aa_bb",
    "suite": "AES_GCM_16-256 / NO_ESN",
    "udp_encapsulation": True,
    "since": NOW - 725,
}
COUNTED = {
    "spi_in": "c0ffee01",
    "spi_out": "00000abc",
    "sending": True,
    "remote": "203.0.113.10:4500",
    "heard": NOW - 1,
    "packets_in": 120,
    "packets_out": 118,
}


def tunnel(**changes: Any) -> dict[str, Any]:
    """A tunnel with one IKE SA and one CHILD SA, and without BGP."""
    counters = {"packets_in": 120, "bytes_in": 9000, "packets_out": 118, "bytes_out": 8000, "sas": [COUNTED]}
    return {
        "name": "branch1/cpe1/0",
        "peer": "203.0.113.10",
        "endpoint": "198.51.100.20",
        "state": "tunnel",
        "ike_sas": [IKE],
        "nat": None,
        "children": [CHILD],
        "bgp": None,
        "learned": [],
        "counters": counters,
        **changes,
    }


def text(shown: dict[str, Any] | None = None, **changes: Any) -> list[str]:
    """The lines for a gateway with one tunnel."""
    network = {"name": "branch1", "profiles": ["microsoft"], "advertised": 25}
    state = {
        "time": NOW,
        "remote_networks": [{**network, "tunnels": [shown or tunnel()]}],
        "underlay": {},
        "refused": {},
        **changes,
    }
    return list(lines(state))


def test_each_sa_has_its_algorithms_and_below_its_path_age_and_last_sign_of_life() -> None:
    assert text() == [
        "branch1: microsoft, 25 routes to advertise",
        "  branch1/cpe1/0  203.0.113.10 -> 198.51.100.20  tunnel",
        "    IKE SA    AES_GCM_16-256 / PRF_HMAC_SHA2_384 / MODP_2048_256, 203.0.113.10",
        "              203.0.113.10:4500, 7 h 5 min old, heard 3 s ago",
        "    CHILD SA  AES_GCM_16-256 / NO_ESN, ESP in UDP, SPIs in c0ffee01 out 00000abc",
        "              203.0.113.10:4500, 12 min old, heard 1 s ago, 120 packets in, 118 out, sends",
        "    packets   120 in (9000 bytes), 118 out (8000 bytes)",
    ]


def test_when_an_ike_sa_is_due_for_rekeying_it_says_so() -> None:
    shown = text(tunnel(ike_sas=[{**IKE, "rekey_at": NOW + 3_599}]))
    assert "              203.0.113.10:4500, 7 h 5 min old, heard 3 s ago, rekey in 59 min" in shown


def test_every_ike_sa_of_a_tunnel_is_shown() -> None:
    shown = text(tunnel(ike_sas=[IKE, {**IKE, "remote": "203.0.113.10:1024", "since": NOW - 300_000}]))
    assert "              203.0.113.10:1024, 3 d 11 h old, heard 3 s ago" in shown
    assert sum(line.startswith("    IKE SA") for line in shown) == 2


def test_a_child_sa_that_never_received_says_so() -> None:
    silent = {**COUNTED, "heard": None, "sending": False, "packets_in": 0}
    shown = text(tunnel(counters={**tunnel()["counters"], "sas": [silent]}))
    assert "              203.0.113.10:4500, 12 min old, nothing heard, 0 packets in, 118 out" in shown


def test_a_child_sa_without_counters_has_one_line() -> None:
    shown = text(tunnel(counters={**tunnel()["counters"], "sas": []}))
    assert shown[-2].startswith("    CHILD SA")


def test_keepalives_are_told_where_some_came() -> None:
    underlay = {"198.51.100.20": {"keepalives": 12}, "198.51.100.21": {"keepalives": 0}}
    assert text(underlay=underlay)[-1] == "198.51.100.20: NAT keepalives received: 12"


def test_refusals_are_told_by_reason() -> None:
    assert text(refused={"unknown_source": 2})[-1] == "IKE messages dropped or refused, unknown source: 2"
