"""Two CPEs behind one NAT with one public address: to the gateway they are one device link."""

from dataclasses import asdict, replace
from typing import Any

import pytest

from gateway.lab import strongswan
from gateway.lab.backend import Node
from gateway.lab.lab import Lab
from gateway.lab.runner import During, run_scenario
from gateway.lab.scenario import load
from tests.interop.cpe_drills import until
from tests.interop.router import BY_HAND, Router, edited

pytestmark = pytest.mark.interop

TWO_CPES = {
    "traffic": [{"from": "host", "ping": "52.96.0.1"}],
    "nodes.other": {"role": "router", "default_via": "192.168.2.1"},
    "nodes.isp.nat.source": "192.168.0.0/16",
    "links": [
        {"host": "10.1.0.10/16", "cpe": "10.1.0.1/16"},
        {"cpe": "192.168.1.2/24", "isp": "192.168.1.1/24"},
        {"other": "192.168.2.2/24", "isp": "192.168.2.1/24"},
        {"isp": "203.0.113.10/30", "internet": "203.0.113.9/30"},
        {"internet": "198.51.100.1/24", "gateway": "198.51.100.20/24"},
    ],
}
"""The scenario ``nat-static`` with another router that the lab's first CPE knows nothing of."""
ITS_OWN_NAME, THE_SAME_NAME = "192.168.2.2", "203.0.113.10"


async def start_other(lab: Lab, router: Router, identity: str) -> Node:
    """Start strongSwan on the other router, configured as the CPE but for its identity."""
    node = lab.nodes["other"]
    settings = replace(router.tunnel.settings, identity=identity)
    text = strongswan.connection_configuration(settings, "/run/updown")
    await node.check("mkdir", "-p", *(f"/run/etc/swanctl/{name}" for name in strongswan.CREDENTIAL_FOLDERS))
    await node.write("/run/updown", "#!/bin/sh\n", mode=0o755)
    await node.write("/run/etc/swanctl/swanctl.conf", edited(text, BY_HAND), mode=0o600)
    await node.write("/run/etc/strongswan.conf", strongswan.daemon_configuration())
    await node.cover("/etc/strongswan.conf", "/run/etc/strongswan.conf")
    await node.cover("/etc/swanctl", "/run/etc/swanctl")
    await node.start("charon-systemd", log="/run/charon.out")
    await until(lambda: node.listens(strongswan.VICI), wanted=True)
    await node.check("swanctl", "--load-all")
    return node


async def open_tunnel(node: Node, seconds: int) -> bool:
    done = await node.run(
        "swanctl", "--initiate", "--child", strongswan.CONNECTION, "--timeout", str(seconds)
    )
    return done.status == 0


async def of_the_gateway(router: Router) -> list[str]:
    """Whom the gateway has IKE SAs with, by identity."""
    return [sa["identity"].partition(" ")[0] for sa in (await router.far())["ike_sas"]]


async def unanswered(lab: Lab) -> dict[str, Any]:
    """With ``natPortRewrite: reject``."""
    router = Router(lab)
    other = await start_other(lab, router, ITS_OWN_NAME)
    up = await open_tunnel(other, 2)
    drops = [record["data"]["reason"] for record in router.records("datagram_dropped")]
    return {
        "up": up,
        "drops": drops,
        "ike": await of_the_gateway(router),
        "pings": asdict(await router.ping(1)),
    }


async def both(lab: Lab) -> dict[str, Any]:
    """With ``natPortRewrite: accept``: under a name of its own, and gone again; under the name of the CPE."""
    router = Router(lab)
    before = await router.far()
    other = await start_other(lab, router, ITS_OWN_NAME)
    told: dict[str, Any] = {"up": await open_tunnel(other, 5), "both": await of_the_gateway(router)}

    async def sending() -> list[bool]:
        return [sa["sending"] for sa in (await router.far())["counters"]["sas"]]

    await until(sending, wanted=[False, True])
    await other.check("swanctl", "--terminate", "--ike", strongswan.CONNECTION, "--timeout", "5")
    after = await router.far()
    told["alone"] = await of_the_gateway(router)
    told["pings"] = asdict(await router.ping(1))
    told["same_session"] = before["bgp"]["since"] == (after["bgp"] or {}).get("since")
    settings = replace(router.tunnel.settings, identity=THE_SAME_NAME)
    text = edited(strongswan.connection_configuration(settings, "/run/updown"), BY_HAND)
    await other.write("/run/etc/swanctl/swanctl.conf", text, mode=0o600)
    await other.check("swanctl", "--load-all")
    closed = len(router.records("ike_sa_closed"))
    told["up again"] = await open_tunnel(other, 5)
    told["closed"] = (await router.until_told("ike_sa_closed", closed))["data"]["reason"]
    told["one"] = [sa["remote"] for sa in (await router.far())["ike_sas"]]
    return told


def run(mode: str, during: During) -> Any:
    """What a drill returned."""
    overrides = TWO_CPES | {"lab.gateway.ike": {"natPortRewrite": mode}}
    return run_scenario(load("nat-static", overrides), during=during).extra


def test_the_second_cpe_gets_no_answer_since_its_port_is_rewritten_and_the_first_one_is_left_alone() -> None:
    told = run("reject", unanswered)
    assert not told["up"]
    assert set(told["drops"]) == {"port_rewritten"}
    assert told["ike"] == [THE_SAME_NAME]
    assert told["pings"]["unanswered"] == []


@pytest.fixture(scope="module")
def accepted() -> Any:
    """A run in which rewritten ports are accepted."""
    return run("accept", both)


def test_two_cpes_of_two_names_have_an_ike_sa_each_and_the_newest_child_sa_sends(accepted: Any) -> None:
    assert accepted["up"]
    assert accepted["both"] == [THE_SAME_NAME, ITS_OWN_NAME]


def test_when_the_second_one_leaves_the_first_one_has_the_link_to_itself_again(accepted: Any) -> None:
    assert accepted["alone"] == [THE_SAME_NAME]
    assert accepted["pings"]["unanswered"] == []
    assert accepted["same_session"]


def test_of_two_cpes_of_one_name_the_last_one_wins(accepted: Any) -> None:
    assert accepted["up again"]
    assert accepted["closed"] == "the peer started afresh (INITIAL_CONTACT)"
    (remote,) = accepted["one"]
    assert not remote.endswith(":4500")
