"""The edge and its inner namespace, probed from a branch with ping, dig, curl and forged packets.

The probes run once for each kind of user, in a sandbox of their own (``edge_probes.py``).
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.interop

ROOT = Path(__file__).resolve().parents[2]
SANDBOX = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
AS_USER = ["unshare", "--user", "--map-root-user", *SANDBOX[1:]]
AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *AS_USER]
USERS = {"root": SANDBOX, "ordinary user": AS_NOBODY} if os.geteuid() == 0 else {"ordinary user": AS_USER}
KINDS: dict[str, tuple[list[str], tuple[str, ...]]] = {
    **{user: (sandbox, ()) for user, sandbox in USERS.items()},
    "shared namespace": (USERS["ordinary user"], ("shared",)),
}
"""User, and whether the remote network shares the namespace of the underlay."""

HOST, COVERED, UNCOVERED, BGP_ADDRESS = "10.1.0.10", "52.96.1.1", "192.0.2.80", "198.51.100.1"

SILENT = {
    "uncovered tcp": ("outside_profiles", HOST, UNCOVERED, "tcp", 443),
    "uncovered udp": ("outside_profiles", HOST, UNCOVERED, "udp", 53),
    "uncovered ping": ("outside_profiles", HOST, UNCOVERED, "icmp", None),
    "uncovered gre": ("outside_profiles", HOST, UNCOVERED, "gre", None),
    "uncovered last hop": ("outside_profiles", HOST, UNCOVERED, "udp", 33434),
    "other tcp service": ("service_not_emulated", HOST, COVERED, "tcp", 443),
    "other udp service": ("service_not_emulated", HOST, COVERED, "udp", 443),
    "syn-ack without syn": ("no_syn", HOST, COVERED, "tcp", 40006),
    "ack without syn": ("no_syn", HOST, COVERED, "tcp", 80),
    "syn-ack to the bgp address": ("no_syn", "198.51.100.11", BGP_ADDRESS, "tcp", 40008),
    "reset of nothing": ("invalid", HOST, COVERED, "tcp", 80),
    "no way back": ("no_return_route", "10.99.0.1", COVERED, "tcp", 80),
    "covered source": ("no_return_route", "52.0.0.7", COVERED, "tcp", 80),
    "branch to branch": ("forwarding", HOST, "13.107.8.1", "icmp", None),
    "ping of the bgp address": ("bgp_address_ping", "198.51.100.11", BGP_ADDRESS, "icmp", None),
    "http of the bgp address": ("bgp_address_other", "198.51.100.11", BGP_ADDRESS, "tcp", 80),
}
"""Probe: reason, source, destination, protocol and port of the drop that its three packets must leave."""


@pytest.fixture(scope="module", params=KINDS)
def found(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the probes found."""
    sandbox, arguments = KINDS[request.param]
    finished = subprocess.run(
        [*sandbox, sys.executable, str(ROOT / "tests/interop/edge_probes.py"), *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    findings: dict[str, Any] = json.loads(finished.stdout)
    return findings


def test_a_covered_destination_answers_ping(found: dict[str, Any]) -> None:
    assert "2 received" in found["services"]["ping"]


def test_a_covered_destination_serves_its_facts_as_json(found: dict[str, Any]) -> None:
    facts = dict(found["services"]["json"])
    assert facts.pop("time").endswith("Z")
    assert facts == {
        "source": HOST,
        "destination": COVERED,
        "host": "www.example.com",
        "profile": "microsoft",
        "prefix": "52.96.0.0/14",
        "tunnel": "hq/cpe1/0",
    }


def test_head_is_answered_to_curl(found: dict[str, Any]) -> None:
    assert found["services"]["head"].startswith("HTTP/1.1 200 OK")


def test_another_path_is_404(found: dict[str, Any]) -> None:
    assert found["services"]["missing"].startswith("HTTP/1.1 404 Not Found")


def test_dig_gets_the_same_address_over_udp_and_tcp(found: dict[str, Any]) -> None:
    services = found["services"]
    assert len(services["a"]) == 1
    assert services["a"] == services["a again over tcp"]


def test_a_name_of_the_lab_has_the_address_of_its_table(found: dict[str, Any]) -> None:
    assert found["services"]["a from the table"] == ["13.1.2.3"]


def test_aaaa_is_answered_with_no_records(found: dict[str, Any]) -> None:
    assert "status: NOERROR" in found["services"]["aaaa"]
    assert "ANSWER: 0" in found["services"]["aaaa"]


def test_each_request_is_published(found: dict[str, Any]) -> None:
    records = found["services"]["records"]
    assert [record["kind"] for record in records] == ["http"] * 3 + ["dns"] * 4
    assert records[0] == {
        "kind": "http",
        "source": HOST,
        "destination": COVERED,
        "host": "www.example.com",
        "profile": "microsoft",
        "prefix": "52.96.0.0/14",
        "tunnel": "hq/cpe1/0",
    }


def test_what_was_answered_is_counted_by_kind(found: dict[str, Any]) -> None:
    assert found["services"]["answered"] == {"ping": 2, "dns": 4, "http": 3}


@pytest.mark.parametrize("service", ["http", "dns over udp", "dns over tcp"])
@pytest.mark.parametrize(("way", "tunnel"), [("first", "hq/cpe1/0"), ("second", "hq/cpe1/1")])
def test_a_request_names_the_tunnel_it_came_through_though_both_lead_back(
    found: dict[str, Any], service: str, way: str, tunnel: str
) -> None:
    assert found["tunnels"][f"{service}, {way}"] == [tunnel] * 3


def test_two_remote_networks_have_the_same_addresses_at_once(found: dict[str, Any]) -> None:
    assert found["twin"]["tunnel"] == "lab/cpe1/0"
    assert (found["twin"]["source"], found["twin"]["destination"]) == (HOST, COVERED)


@pytest.mark.parametrize("probe", SILENT)
def test_nothing_comes_back(found: dict[str, Any], probe: str) -> None:
    assert found["silent"][probe]["answers"] == []


@pytest.mark.parametrize("probe", SILENT)
def test_the_drop_is_named_and_counted(found: dict[str, Any], probe: str) -> None:
    reason, source, destination, protocol, port = SILENT[probe]
    drop = {
        "reason": reason,
        "source": source,
        "destination": destination,
        "protocol": protocol,
        "packets": 3,
    }
    assert found["silent"][probe]["drops"] == [drop if port is None else drop | {"port": port}]
    assert found["silent"][probe]["totals"] == {reason: 3}


def test_every_silent_probe_is_judged(found: dict[str, Any]) -> None:
    assert found["silent"].keys() == SILENT.keys()


def test_the_bgp_address_accepts_tcp_179(found: dict[str, Any]) -> None:
    assert found["bgp"]["accepted from"] == "198.51.100.11"


def test_each_bgp_address_answers_a_shared_peer_through_its_own_tunnel(found: dict[str, Any]) -> None:
    first, second = found["bgp"]["ways"]
    assert "dev gsa0" in first
    assert "dev gsa1" in second


def test_a_longer_learned_prefix_beats_a_covered_one(found: dict[str, Any]) -> None:
    routing = found["routing"]
    assert (routing["before"], routing["learned"], routing["withdrawn"]) == ("200", "000", "200")
    assert "dev gsa1" in routing["way"]


def test_a_learned_prefix_of_the_same_length_does_not(found: dict[str, Any]) -> None:
    assert found["routing"]["same length"] == "200"


def test_equal_paths_are_one_route_with_two_next_hops(found: dict[str, Any]) -> None:
    assert "nexthop dev gsa0" in found["routing"]["equal cost"]
    assert "nexthop dev gsa1" in found["routing"]["equal cost"]


def test_six_hundred_prefixes_are_covered_in_no_time(found: dict[str, Any]) -> None:
    """0.1 s on a quiet machine; the bound leaves room for a busy one."""
    assert found["speed"]["add"] < 2
    assert found["speed"]["remove"] < 2


def test_nothing_is_forwarded_and_returns_may_be_asymmetric(found: dict[str, Any]) -> None:
    assert found["sysctl"].splitlines() == [
        "net.ipv4.ip_forward = 0",
        "net.ipv4.conf.gsa0.rp_filter = 0",
        "net.ipv6.conf.gsa0.disable_ipv6 = 1",
    ]


def test_a_tun_device_is_up_with_its_mtu(found: dict[str, Any]) -> None:
    (line,) = (line for line in found["lifetime"]["links"].splitlines() if ": gsa0:" in line)
    assert "NOARP,UP" in line
    assert "mtu 1400" in line


def test_a_closed_namespace_is_gone_from_the_kernel(found: dict[str, Any]) -> None:
    """The outer end of a veth pair into it disappears only when the namespace does."""
    assert found["lifetime"]["alive"]
    assert "witness" not in found["lifetime"]["outer links"]
