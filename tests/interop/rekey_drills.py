"""What interop tests do with a gateway that rekeys when it is asked; these coroutines run inside the lab."""

import asyncio
import time
from dataclasses import asdict
from typing import Any

from gateway.lab.lab import Lab
from tests.interop.router import Router

_BLOCK_IKE = "ip daddr 198.51.100.20 udp dport 4500 @th,64,32 0 drop"
"""Drops the CPE's IKE messages, which begin with the non-ESP marker, and lets its ESP pass."""
_TABLE = "add table ip test; add chain ip test forward { type filter hook forward priority 0; }"
_ATTEMPTS = 5
SOON = [("install_routes = no", "install_routes = no\n    retransmit_timeout = 1")]
"""Edit of strongswan.conf: requests are sent again after a second."""


async def rekey_in_turn(router: Router, what: str, times: int) -> dict[str, Any]:
    """Let the gateway rekey again and again under pings; what that cost, what came and what is left."""
    pinging = asyncio.create_task(router.ping(times * 0.35 + 1))
    seen = [await router.both_views()]
    for _ in range(times):
        await router.lab.gateway.ask("rekey", what=what)
        seen.append(await settled(router, what, seen[-1]))
        await asyncio.sleep(0.2)
    pings = await pinging
    return {"pings": asdict(pings), "seen": seen, "carried": (await router.far())["counters"]["sas"]}


async def collide(router: Router, what: str) -> dict[str, Any]:
    """Rekey at both ends so that each has asked before it hears the other; what is left.

    strongSwan hears the gateway first, and notices; the gateway hears strongSwan's second attempt.
    """
    internet = router.lab.nodes["internet"]
    collision = f"detected {what.upper()}_REKEY collision with {what.upper()}_REKEY"
    for _ in range(_ATTEMPTS):
        before, noticed = await router.both_views(), await router.logged(collision)
        asked = await router.logged("CREATE_CHILD_SA request")
        await internet.check("nft", "add", "rule", "ip", "test", "forward", *_BLOCK_IKE.split())
        theirs = asyncio.create_task(router.swanctl("--rekey", f"--{what}", "gsa"))
        if await router.logged_within(3, "CREATE_CHILD_SA request", asked):
            await router.lab.gateway.ask("rekey", what=what)
            if await router.logged_within(5, collision, noticed):
                break
        # A request of one of them was under way, and its answer comes first.
        await internet.check("nft", "flush", "chain", "ip", "test", "forward")
        await theirs
        await settled(router, what, before)
    else:
        raise TimeoutError
    await internet.check("nft", "flush", "chain", "ip", "test", "forward")
    after = await settled(router, what, before)
    await theirs
    return after


async def race(router: Router, times: int) -> dict[str, Any]:
    """Rekey at both ends at about the same time, whatever comes of it; what that cost and what is left."""
    pinging = asyncio.create_task(router.ping(times * 0.7))
    for number in range(times):
        what = ("child", "ike")[number % 2]
        theirs = asyncio.create_task(router.swanctl("--rekey", f"--{what}", "gsa"))
        # swanctl takes some milliseconds to start.
        await asyncio.sleep(0.004 * number)
        await router.lab.gateway.ask("rekey", what=what)
        await theirs
        await asyncio.sleep(0.3)
    pings = await pinging
    before = await settled(router, "ike", {"gateway": {"ike": []}})
    await router.lab.gateway.ask("rekey", what="ike")
    return {"pings": asdict(pings), "left": [before, await settled(router, "ike", before)]}


async def settled(router: Router, what: str, before: dict[str, Any]) -> dict[str, Any]:
    """Both ends' views, once they agree on one SA of each kind that is not the one before."""
    kind = "children" if what == "child" else "ike"
    deadline = time.monotonic() + 10
    while True:
        views = await router.both_views()
        ours = views["gateway"]
        is_new = ours[kind] != before["gateway"][kind]
        if is_new and len(ours["ike"]) == len(ours["children"]) == 1 and ours == views["strongswan"]:
            return views
        if time.monotonic() > deadline:
            return views
        await asyncio.sleep(0.1)


async def rekey_and_collide(lab: Lab, *, group: str = "") -> dict[str, Any]:
    """Rekey by the gateway alone, then by both ends at once; ``group`` is what the CPE offers for PFS."""
    router = Router(lab)
    await lab.nodes["internet"].check("nft", _TABLE)
    with_pfs = [("esp_proposals = aes256gcm16", f"esp_proposals = aes256gcm16-{group}")] if group else []
    if not await router.reconnect(*with_pfs, daemon=SOON):
        raise AssertionError(await router.cpe.log_of(router.tunnel))
    await router.until_up()
    since = (await router.far())["bgp"]["since"]
    child = await rekey_in_turn(router, "child", 4)
    ike = {} if group else await rekey_in_turn(router, "ike", 3)
    pinging = asyncio.create_task(router.ping(4 if group else 8))
    collisions = [await collide(router, what) for what in (["child"] if group else ["child", "ike"] * 2)]
    return {
        "child": child,
        "ike": ike,
        "collisions": {"pings": asdict(await pinging), "seen": collisions},
        "race": {} if group else await race(router, 6),
        "suites": sorted(
            {child.suite for sa in await router.cpe.sas(router.tunnel) for child in sa.children}
        ),
        "same_session": (await router.far())["bgp"]["since"] == since,
    }


async def live_through_lifetimes(lab: Lab, *, seconds: float) -> dict[str, Any]:
    """Ping while SAs reach their lifetimes."""
    router = Router(lab)
    pings = await router.ping(seconds)
    return {
        "pings": asdict(pings),
        "views": await router.both_views(),
        "ike": len(router.records("ike_sa_rekeyed")),
        "child": [
            record["data"]["initiated_by_us"]
            for record in router.records("child_sa_established")
            if record["data"]["replaces"] is not None
        ],
        "due": [sa["rekey_at"] is not None for sa in (await router.far())["children"]],
    }
