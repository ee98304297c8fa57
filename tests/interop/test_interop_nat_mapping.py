"""A NAT between CPE and gateway forgets its mapping in mid-session (RFC 7296 section 2.23)."""

import pytest

from gateway.lab.runner import run_scenario
from gateway.lab.scenario import load
from tests.interop.nat_drills import remap_while_pinging

pytestmark = pytest.mark.interop


def test_esp_and_ike_follow_a_cpe_whose_nat_mapping_changes_under_traffic() -> None:
    run = run_scenario(load("nat-static"), during=remap_while_pinging)
    assert not run.report.problems
    drill = run.extra
    # What we sent through the old mapping before a packet came through the new one may be lost.
    assert drill["lost"] <= drill["sent"] // 10
    assert drill["lost_later"] == 0
    assert drill["rekeyed"] == [0, 0]
    ((_local_ip, _local_port, remote_ip, remote_port),) = drill["changes"]
    assert remote_ip == "203.0.113.10"
    assert remote_port >= 40_000  # the NAT box's first port to hand out
    assert drill["remotes"] == [f"{remote_ip}:{remote_port}"]
