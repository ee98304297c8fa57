"""A CPE that is frozen or killed: what the gateway notices, and how the two find together again."""

from dataclasses import asdict
from typing import Any

import pytest

from gateway.lab import strongswan
from gateway.lab.lab import Lab
from gateway.lab.runner import run_scenario
from gateway.lab.scenario import load
from tests.interop.cpe_drills import until
from tests.interop.router import Router

pytestmark = pytest.mark.interop

IMPATIENT = {"livenessSeconds": 1, "retransmitSeconds": 1, "retransmitTries": 1}
"""A CPE that does not answer is gone 1 + 1 + 1.8 s after its last sign of life."""
CPE_DPD = ("dpd_delay = 30s", "dpd_delay = 1s")
CPE_RETRANSMITS = (
    "install_routes = no",
    "install_routes = no\n    retransmit_timeout = 0.5\n    retransmit_tries = 2\n    retransmit_base = 1",
)


async def charon(router: Router) -> int:
    """The process of the CPE's charon."""
    return int((await router.node.check("pidof", "charon-systemd")).split()[0])


async def state(router: Router) -> dict[str, Any]:
    far = await router.far()
    return {"state": far["state"], "learned": far["learned"], "ike": [sa["spi"] for sa in far["ike_sas"]]}


async def freeze_briefly(router: Router) -> dict[str, Any]:
    """Longer than the gateway waits for a first answer, shorter than it has patience."""
    pid, before = await charon(router), await state(router)
    sent_again = len(router.records("request_retransmitted"))
    await router.node.check("kill", "-STOP", str(pid))
    await router.until_told("request_retransmitted", sent_again)
    await router.node.check("kill", "-CONT", str(pid))
    await router.until_told("liveness_checked", len(router.records("liveness_checked")))
    pings = await router.ping(1)
    return {"before": before, "after": await state(router), "pings": asdict(pings)}


async def freeze_long(router: Router) -> dict[str, Any]:
    """Until the gateway gives the CPE up; then the CPE finds out, and connects again."""
    pid, closed = await charon(router), len(router.records("ike_sa_closed"))
    await router.node.check("kill", "-STOP", str(pid))
    reason = (await router.until_told("ike_sa_closed", closed))["data"]["reason"]
    frozen = await state(router)
    await router.node.check("kill", "-CONT", str(pid))
    await router.until_up()
    return {"reason": reason, "frozen": frozen, "after": await state(router)}


async def kill(router: Router) -> dict[str, Any]:
    """For good: the gateway finds out by itself; a new charon connects."""
    closed = len(router.records("ike_sa_closed"))
    await router.node.check("kill", "-KILL", str(await charon(router)))
    reason = (await router.until_told("ike_sa_closed", closed))["data"]["reason"]
    dead = await state(router)
    await restart(router)
    await router.until_up()
    return {"reason": reason, "dead": dead, "after": await state(router)}


async def kill_and_restart(router: Router) -> dict[str, Any]:
    """At once: the new charon's INITIAL_CONTACT comes long before the gateway's patience ends."""
    before, closed = await state(router), len(router.records("ike_sa_closed"))
    await router.node.check("kill", "-KILL", str(await charon(router)))
    await restart(router)
    reason = (await router.until_told("ike_sa_closed", closed))["data"]["reason"]
    await router.until_up()
    return {"before": before, "reason": reason, "after": await state(router)}


async def restart(router: Router) -> None:
    """Start charon again as the lab did."""
    node, neighbor = router.node, router.tunnel.neighbor
    # Nobody told the CPE's BIRD that the tunnel is down.
    for protocol in (neighbor.protocol, neighbor.route_protocol):
        await node.check("birdc", "disable", protocol)
    await node.run("rm", "-f", "/run/updown.up", strongswan.VICI)
    await node.start("charon-systemd", log="/run/charon.out")
    await until(lambda: node.listens(strongswan.VICI), wanted=True)
    await node.check("ip", "link", "set", strongswan.TUNNEL_DEVICE, "mtu", str(strongswan.MTU))
    await node.check("swanctl", "--load-all")


async def drill(lab: Lab) -> dict[str, Any]:
    router = Router(lab)
    await router.swanctl("--terminate", "--ike", strongswan.CONNECTION)
    await router.configure(CPE_DPD, daemon=[CPE_RETRANSMITS])
    await router.until_up()
    return {
        "frozen briefly": await freeze_briefly(router),
        "frozen long": await freeze_long(router),
        "killed": await kill(router),
        "restarted": await kill_and_restart(router),
    }


@pytest.fixture(scope="module")
def drilled() -> Any:
    """One CPE through all of it."""
    overrides = {"traffic": [{"from": "host", "ping": "52.96.0.1"}], "lab.gateway.ike": IMPATIENT}
    return run_scenario(load("basic", overrides), during=drill).extra


def test_a_cpe_that_is_frozen_for_less_than_the_gateways_patience_keeps_its_tunnel(drilled: Any) -> None:
    told = drilled["frozen briefly"]
    assert told["after"] == told["before"]
    assert told["pings"]["unanswered"] == []


@pytest.mark.parametrize(("drilled_as", "meanwhile"), [("frozen long", "frozen"), ("killed", "dead")])
def test_a_cpe_that_stays_silent_loses_its_sas_and_routes_and_can_come_back(
    drilled: Any, drilled_as: str, meanwhile: str
) -> None:
    told = drilled[drilled_as]
    assert told["reason"] == "no answer to 2 requests: the peer is gone"
    assert told[meanwhile] == {"state": "down", "learned": [], "ike": []}
    assert (told["after"]["state"], told["after"]["learned"]) == ("up", ["10.1.0.0/16"])


def test_the_initial_contact_of_a_restarted_cpe_replaces_what_it_has_forgotten(drilled: Any) -> None:
    told = drilled["restarted"]
    assert told["reason"] == "the peer started afresh (INITIAL_CONTACT)"
    assert len(told["after"]["ike"]) == 1
    assert told["after"]["ike"] != told["before"]["ike"]
    assert (told["after"]["state"], told["after"]["learned"]) == ("up", ["10.1.0.0/16"])
