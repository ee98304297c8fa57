"""A CPE that moves to another public address while its tunnel is in use (RFC 4555)."""

import asyncio
from dataclasses import asdict
from typing import Any

import pytest

from gateway.lab.lab import Lab
from gateway.lab.runner import run_scenario
from gateway.lab.scenario import load
from tests.interop.router import Router

pytestmark = pytest.mark.interop

OLD, NEW = "203.0.113.10", "203.0.113.66"
NEW_NEXT_HOP = "203.0.113.65"


async def move(lab: Lab) -> dict[str, Any]:
    """Give the CPE a second WAN address, then take the first away; all under pings."""
    router = Router(lab)
    await lab.nodes["internet"].check("ip", "address", "add", f"{NEW_NEXT_HOP}/30", "dev", "to-cpe")
    if not await router.reconnect(("mobike = no", "mobike = yes")):
        raise AssertionError(await router.cpe.log_of(router.tunnel))
    await router.until_up()
    before, views = await router.far(), await router.both_views()
    pinging = asyncio.create_task(router.ping(4))
    await asyncio.sleep(1)
    node = router.node
    await node.check("ip", "address", "add", f"{NEW}/30", "dev", "to-internet")
    await node.check("ip", "route", "replace", "default", "via", NEW_NEXT_HOP)
    await node.check("ip", "address", "del", f"{OLD}/30", "dev", "to-internet")
    await router.until_told("routability_checked")
    pings, later, moved = await pinging, await router.ping(1), await router.both_views()
    rekeyed = [await router.swanctl("--rekey", f"--{what}", "gsa") for what in ("child", "ike")]
    after = await router.far()
    return {
        "pings": asdict(pings),
        "later": asdict(later),
        "ike": [view["gateway"]["ike"] for view in (views, moved)],
        "agreed": [
            view["gateway"] == view["strongswan"] for view in (views, moved, await router.both_views())
        ],
        "rekeyed": rekeyed,
        "path_changes": [record["data"]["new"][2:] for record in router.records("path_changed")],
        "routable": [record["data"]["ok"] for record in router.records("routability_checked")],
        "remotes": sorted({sa["remote"] for sa in (*after["ike_sas"], *after["counters"]["sas"])}),
        "same_session": before["bgp"]["since"] == after["bgp"]["since"],
    }


def test_tunnel_and_bgp_session_follow_a_cpe_to_an_address_that_no_device_link_has() -> None:
    scenario = load("basic", {"traffic": [{"from": "host", "ping": "52.96.0.1"}]})
    told = run_scenario(scenario, during=move).extra
    assert told["path_changes"] == [[NEW, 4500]]
    assert told["routable"] == [True]
    assert told["remotes"] == [f"{NEW}:4500"]
    # kernel-libipsec cannot move a CHILD SA, so strongSwan rekeys it, within the same IKE SA.
    assert told["ike"][0] == told["ike"][1]
    assert told["agreed"] == [True] * 3
    assert told["same_session"]
    # 20 ms each: charon looks for a new path 100 ms after the old one has gone.
    assert told["pings"]["longest_gap"] < 100
    assert told["later"]["unanswered"] == []
    assert told["rekeyed"] == [0, 0]
