"""Every failure scenario, with a real CPE or the probe: its findings and no others, and its fix works."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from gateway.daemon.trace import last_run, read_trace
from gateway.diagnosis import diagnose
from gateway.lab.gateway_node import UP
from gateway.lab.lab import Lab
from gateway.lab.netns import NetnsBackend
from gateway.lab.runner import run_scenario
from gateway.lab.scenario import failures, load
from tests.support.runner import CHECKOUT

pytestmark = pytest.mark.interop

EXAMPLE = str(CHECKOUT / "examples/scenarios/failure.yaml")
TRACE = "/run/gsalab.trace"
TRACED = (*NetnsBackend.gsalab, *UP, "--trace", TRACE)
REPLAYED = {
    "ike-aes256-sha256": "encryption AES_CBC-128 instead of AES_CBC-256",
    "psk-trailing-newline": 'the pre-shared key of device link "cpe1" instead of that key with a line break'
    " added at its end",
    "psk-of-another-link": "the key of south/cpe1/0 instead of the key of north/cpe1/0",
    "eap-instead-of-psk": 'the pre-shared key of device link "cpe1" instead of EAP',
    "identity-mismatch": "IDi 203.0.113.10 (ID_IPV4_ADDR) instead of cpe1.example.com (ID_FQDN)",
    "esp-aes-cbc": "encryption AES_GCM_16-256 instead of AES_CBC-256 and"
    " no integrity (HMAC_SHA2_256_128 left out)",
    "narrow-selectors": "TSi 0.0.0.0/0 instead of 10.1.0.0-10.1.255.255",
    "transport-mode": "tunnel mode instead of transport mode, TSi 0.0.0.0/0 instead of"
    " 203.0.113.10-203.0.113.10 and TSr 0.0.0.0/0 instead of 198.51.100.20-198.51.100.20",
    "pfs-on-cpe": "no Diffie-Hellman group (MODP_2048 left out)",
    "pfs-missing": "Diffie-Hellman group MODP_2048 added",
}
"""The smallest change that makes the refused exchange of a scenario succeed, one scenario for each kind."""


async def trace_of(lab: Lab) -> str:
    """The gateway's trace, after it was stopped as by a person: silence up to then counts as well."""
    await lab.gateway.daemon.stop()
    return (await lab.nodes[lab.topology.gateway].read(TRACE)).decode()


async def records_of(lab: Lab) -> dict[str, Any]:
    """What the gateway recorded, and until when."""
    return {"records": lab.records, "now": time.time()}


@pytest.mark.parametrize("name", [*failures(), EXAMPLE])
def test_the_expected_findings_and_no_others_and_a_trace_gives_the_very_same(
    name: str, tmp_path: Path
) -> None:
    scenario = load(name)
    run = run_scenario(scenario, gateway_command=TRACED, during=trace_of)
    assert run.report.problems == []
    trace = tmp_path / "run.trace"
    trace.write_text(run.extra, "utf-8")
    offline = [finding.as_json() for finding in diagnose(last_run(read_trace(trace)))]
    assert {finding["code"] for finding in offline} == set(scenario.expect)
    if name in REPLAYED:
        assert offline[0]["what_if"].startswith(f"with {REPLAYED[name]}, and nothing else changed, the same")
    assert json.loads(json.dumps(offline)) == [finding.facts for finding in run.report.findings]


def fixed_labs() -> list[str]:
    """One failure scenario for each lab that a fix makes; the fix of most makes ``basic`` of them."""
    labs: dict[str, str] = {}
    for name in [*failures(), EXAMPLE]:
        fixed = load(name, fixed=True)
        left = fixed.mistake and (fixed.mistake.edits, fixed.mistake.commands)
        labs.setdefault(repr((fixed.nodes, fixed.links, fixed.cpe, fixed.lab, fixed.traffic, left)), name)
    return list(labs.values())


@pytest.mark.parametrize("name", fixed_labs())
def test_the_fix_works_and_leaves_nothing_to_find(name: str) -> None:
    run = run_scenario(load(name, fixed=True), during=records_of)
    assert run.report.problems == []
    assert diagnose(**run.extra) == []
