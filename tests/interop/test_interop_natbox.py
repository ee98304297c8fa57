"""A real strongSwan behind the NAT box and on a bad line."""

from pathlib import Path
from typing import Any

import pytest

from gateway.lab.lab import Lab
from gateway.lab.runner import run_scenario
from gateway.lab.scenario import load

pytestmark = [pytest.mark.interop, pytest.mark.timeout(180)]

ONE_PAGE = [{"from": "host", "fetch": "http://20.190.128.10/"}]


async def records(lab: Lab) -> dict[str, list[dict[str, Any]]]:
    """What the gateway and the NAT box recorded."""
    return {"gateway": lab.records, "box": lab.box_records}


def test_strongswan_comes_up_behind_a_symmetric_nat_where_rewritten_ports_are_accepted() -> None:
    scenario = load(
        "nat-static",
        {
            "nodes.isp.nat.personality": "symmetric",
            "lab.gateway.ike": {"natPortRewrite": "accept"},
            "traffic": ONE_PAGE,
        },
    )
    run = run_scenario(scenario, during=records)
    assert run.report.problems == []
    mapped = [
        record["data"]["outside"] for record in run.extra["box"] if record["name"] == "nat_mapping_created"
    ]
    assert mapped == ["203.0.113.10:40000", "203.0.113.10:40001"]
    (up,) = [record for record in run.extra["gateway"] if record["name"] == "ike_sa_established"]
    assert up["data"]["remote"] == "203.0.113.10:40001"


def test_a_symmetric_nat_leaves_the_cpe_without_an_answer_by_default() -> None:
    scenario = load("nat-static", {"nodes.isp.nat.personality": "symmetric", "timeout": 5})
    assert run_scenario(scenario).report.problems == [
        "bellevue/cpe1/0 has no IKE SA, 5 s after the CPE's start"
    ]


def test_ten_percent_loss_delays_strongswan_and_loses_the_same_ike_messages_in_every_run() -> None:
    bad = {"toward": "internet", "loss": "10%", "seed": 1}

    def lost_of_ike() -> list[str]:
        run = run_scenario(load("nat-static", {"nodes.isp.impair": bad, "traffic": []}), during=records)
        assert run.report.problems == []
        return [
            f"{record['data']['packet']} {record['data']['direction']}"
            for record in run.extra["box"]
            if record["name"] == "line_packet_lost" and "request" in record["data"]["packet"]
        ]

    first = lost_of_ike()
    assert first == lost_of_ike()
    assert first


DOUBLE = """
title: Two NATs in a row
extends: nat-static
about: The CPE is behind a home router, which is behind the ISP's.
nodes:
  cpe: {default_via: 192.168.178.1}
  home:
    role: router
    default_via: 192.168.1.1
    nat: {toward: isp, source: 192.168.178.0/24, to: 192.168.1.2, personality: rewrite-4500}
links:
  - {host: 10.1.0.10/16, cpe: 10.1.0.1/16}
  - {cpe: 192.168.178.2/24, home: 192.168.178.1/24}
  - {home: 192.168.1.2/24, isp: 192.168.1.1/24}
  - {isp: 203.0.113.10/30, internet: 203.0.113.9/30}
  - {internet: 198.51.100.1/24, gateway: 198.51.100.20/24}
traffic:
  - {from: host, fetch: "http://20.190.128.10/"}
"""


def test_strongswan_comes_up_behind_two_nats_in_a_row(tmp_path: Path) -> None:
    file = tmp_path / "double.yaml"
    file.write_text(DOUBLE)
    run = run_scenario(load(str(file)), during=records)
    assert run.report.problems == []
    mapped = {
        (record["data"]["node"], record["data"]["inside"], record["data"]["outside"])
        for record in run.extra["box"]
        if record["name"] == "nat_mapping_created"
    }
    assert mapped >= {
        ("home", "192.168.178.2:4500", "192.168.1.2:40000"),
        ("isp", "192.168.1.2:40000", "203.0.113.10:40000"),
    }
