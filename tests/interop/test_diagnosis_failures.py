"""Each rule, provoked by a real strongSwan and BIRD with one mistake in their configuration."""

import pytest

from tests.interop.broken_lab import BIRD, LINK, SWANCTL, Mistake, check_with

pytestmark = pytest.mark.interop


def nft_drop(hook: str, match: str) -> tuple[tuple[str, ...], ...]:
    """Commands that make the CPE's own firewall drop packets."""
    chain = f"{{ type filter hook {hook} priority filter; }}"
    return (
        ("nft", "add", "table", "ip", "test"),
        ("nft", "add", "chain", "ip", "test", "drops", chain),
        ("nft", "add", "rule", "ip", "test", "drops", *match.split(), "drop"),
    )


PROVEN = {
    "unknown source address": ("GSA-IKE-001", Mistake(lab={f"{LINK}.ipAddress": "203.0.113.77"})),
    "IKEv1": (
        "GSA-IKE-002",
        Mistake(cpe={"ike": "aes256-sha384-modp2048"}, edits={SWANCTL: [("version = 2", "version = 1")]}),
    ),
    "AES-256 with SHA-256": ("GSA-IKE-010", Mistake(cpe={"ike": "aes256-sha256-modp2048"})),
    "group 20": ("GSA-IKE-012", Mistake(cpe={"ike": "aes256gcm16-prfsha384-ecp384"})),
    "another pre-shared key": ("GSA-IKE-020", Mistake(cpe={"psk": "another secret"})),
    "EAP": (
        "GSA-IKE-021",
        Mistake(edits={SWANCTL: [("local {\n            auth = psk", "local {\n            auth = eap")]}),
    ),
    "AES-CBC for ESP": ("GSA-IKE-030", Mistake(cpe={"esp": "aes256-sha256"})),
    "the LAN as traffic selector": ("GSA-IKE-031", Mistake(cpe={"local_selector": "10.1.0.0/16"})),
    "another AS number": (
        "GSA-BGP-002",
        Mistake(edits={BIRD: [("local 10.1.0.4 as 65001", "local 10.1.0.4 as 65002")]}),
    ),
    "another AS number expected": (
        "GSA-BGP-002",
        Mistake(edits={BIRD: [("neighbor 10.2.0.4 as 65476", "neighbor 10.2.0.4 as 65477")]}),
    ),
    "BGP from the LAN address": (
        "GSA-BGP-003",
        Mistake(edits={BIRD: [("local 10.1.0.4 as", "local 10.1.0.1 as")]}),
    ),
}
ELSEWHERE = "198.51.100.77"
NAT_BEFORE_THE_GATEWAY = Mistake(
    edits={SWANCTL: [("remote_addrs = 198.51.100.20", f"remote_addrs = {ELSEWHERE}")]},
    commands=(
        ("nft", "add", "table", "ip", "test"),
        ("nft", "add", "chain", "ip", "test", "nat", "{ type nat hook output priority -100; }"),
        ("nft", "add", "rule", "ip", "test", "nat", "ip", "daddr", ELSEWHERE, "dnat", "to", "198.51.100.20"),
    ),
)
SILENT = {
    "answers to IKE_SA_INIT lost, group to be changed": (
        "GSA-IKE-011",
        "possible",
        Mistake(
            cpe={"ike": "aes256gcm16-prfsha384-ecp256-modp2048"},
            commands=nft_drop("input", "udp sport 500"),
            wait=16,
        ),
    ),
    "UDP 4500 blocked": (
        "GSA-IKE-040",
        "likely",
        Mistake(commands=nft_drop("output", "udp dport 4500"), wait=8),
    ),
    "no route to the BGP address": (
        "GSA-BGP-001",
        "likely",
        Mistake(edits={BIRD: [("    route 10.2.0.4/32", "    route 10.2.0.5/32")]}, wait=19),
    ),
    "nothing exported": (
        "GSA-BGP-010",
        "likely",
        Mistake(edits={BIRD: [('export where proto = "announced"', "export none")]}, wait=15),
    ),
}


@pytest.mark.parametrize("name", PROVEN)
def test_a_proven_mistake_is_the_only_finding_long_before_the_time_is_up(name: str) -> None:
    code, mistake = PROVEN[name]
    checked = check_with(mistake)
    assert (checked.codes, checked.status) == ([code], 1)
    (finding,) = checked.report["findings"]
    assert finding["certainty"] == "proven"
    assert finding["tunnel"] == "bellevue/cpe1/0"
    assert checked.offline == [code]


@pytest.mark.parametrize("name", SILENT)
def test_what_silence_shows_is_found_when_the_time_is_up(name: str) -> None:
    code, certainty, mistake = SILENT[name]
    checked = check_with(mistake)
    assert (checked.codes, checked.status) == ([code], 1)
    assert checked.report["findings"][0]["certainty"] == certainty
    assert checked.report["seconds"] >= mistake.wait
    assert checked.offline == [code]


def test_a_nat_before_the_gateway_is_a_warning_beside_a_tunnel_that_works() -> None:
    checked = check_with(NAT_BEFORE_THE_GATEWAY)
    assert checked.codes == checked.offline == ["GSA-NAT-001"]
    assert {step["name"]: step["status"] for step in checked.report["steps"]}["routes"] == "passed"
