"""Probes an edge from its branch and prints what happened as one JSON object; run inside a sandbox."""

import asyncio
import json
import os
import socket
import sys
import time
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.packet import Packet, Raw

from gateway.edge.edge import CONNTRACK
from gateway.netns import InnerNamespace, SharedNamespace, sysctl
from tests.interop.edge_world import (
    BGP_ADDRESSES,
    HOST,
    INTERNET,
    LAN,
    LEARNED_INSIDE_COVERED,
    PEER,
    STRANGER,
    World,
    command,
)

PACKETS = 3
COVERED, UNCOVERED, BRANCH = "52.96.1.1", "192.0.2.80", "13.107.8.1"
COVERED_THROUGH_SECOND = "52.97.1.1"


def _silent() -> dict[str, Packet]:
    """Packets that must vanish, by name."""
    return {
        "uncovered tcp": IP(src=HOST, dst=UNCOVERED) / TCP(sport=40001, dport=443, flags="S"),
        "uncovered udp": IP(src=HOST, dst=UNCOVERED) / UDP(sport=40002, dport=53) / Raw(b"x"),
        "uncovered ping": IP(src=HOST, dst=UNCOVERED) / ICMP(),
        "uncovered gre": IP(src=HOST, dst=UNCOVERED, proto=47) / Raw(b"\x00" * 8),
        "uncovered last hop": IP(src=HOST, dst=UNCOVERED, ttl=1) / UDP(sport=40003, dport=33434) / Raw(b"x"),
        "other tcp service": IP(src=HOST, dst=COVERED) / TCP(sport=40004, dport=443, flags="S"),
        "other udp service": IP(src=HOST, dst=COVERED, ttl=1) / UDP(sport=40005, dport=443) / Raw(b"x"),
        "syn-ack without syn": IP(src=HOST, dst=COVERED) / TCP(sport=443, dport=40006, flags="SA"),
        "ack without syn": IP(src=HOST, dst=COVERED) / TCP(sport=40007, dport=80, flags="A"),
        "syn-ack to the bgp address": IP(src=PEER, dst=BGP_ADDRESSES[0])
        / TCP(sport=179, dport=40008, flags="SA"),
        "reset of nothing": IP(src=HOST, dst=COVERED) / TCP(sport=40009, dport=80, flags="R"),
        "no way back": IP(src=STRANGER, dst=COVERED) / TCP(sport=40010, dport=80, flags="S"),
        "covered source": IP(src="52.0.0.7", dst=COVERED) / TCP(sport=40011, dport=80, flags="S"),
        "branch to branch": IP(src=HOST, dst=BRANCH) / ICMP(),
        "ping of the bgp address": IP(src=PEER, dst=BGP_ADDRESSES[0]) / ICMP(),
        "http of the bgp address": IP(src=PEER, dst=BGP_ADDRESSES[0]) / TCP(sport=40012, dport=80, flags="S"),
    }


async def _drops_after(world: World, packet: Packet) -> dict[str, Any]:
    """What came back, and what the drops say now that they did not say before."""
    before = {str(drop.as_json() | {"packets": 0}): drop.packets for drop in await world.edge.drops()}
    totals = await world.edge.drop_totals()
    answers = await world.answers_to(packet, times=PACKETS)
    grown = []
    for drop in await world.edge.drops():
        facts = drop.as_json()
        packets = drop.packets - before.get(str(facts | {"packets": 0}), 0)
        if packets:
            del facts["explanation"]
            grown.append(facts | {"packets": packets})
    after = await world.edge.drop_totals()
    counted = {
        reason.value: after[reason] - totals[reason] for reason in after if after[reason] != totals[reason]
    }
    return {"answers": answers, "drops": grown, "totals": counted}


async def _services(world: World) -> dict[str, Any]:
    """What a branch host gets from covered addresses."""
    url = f"http://{COVERED}"
    dig = ("dig", "+tries=1", "+time=2", f"@{COVERED}")
    return {
        "ping": await world.in_branch("ping", "-c", "2", "-i", "0.2", "-W", "2", COVERED),
        "json": json.loads(
            await world.in_branch("curl", "-s", "-m", "5", "-H", "Host: www.example.com", f"{url}/.json")
        ),
        "head": await world.in_branch("curl", "-sI", "-m", "5", f"{url}/"),
        "missing": await world.in_branch("curl", "-si", "-m", "5", f"{url}/nope"),
        "a": (await world.in_branch(*dig, "+short", "www.example.com")).split(),
        "a again over tcp": (await world.in_branch(*dig, "+short", "+tcp", "www.example.com")).split(),
        "a from the table": (await world.in_branch(*dig, "+short", "Intranet.LAB")).split(),
        "aaaa": await world.in_branch(*dig, "www.example.com", "AAAA"),
        "records": list(world.records),
        "answered": await world.edge.answered(),
    }


async def _tunnels(world: World) -> dict[str, list[str]]:
    """The tunnels that requests are said to have come through; both lead to their source."""
    await world.inner.set_learned_routes({LAN: ["gsa0", "gsa1"]})
    named: dict[str, list[str]] = {}
    for way, address in (("first", COVERED), ("second", COVERED_THROUGH_SECOND)):
        dig = ("dig", "+tries=1", "+time=2", f"@{address}", "www.example.com")
        requests = {
            "http": ("curl", "-s", "-m", "5", f"http://{address}/"),
            "dns over udp": dig,
            "dns over tcp": (*dig, "+tcp"),
        }
        for service, request in requests.items():
            earlier = len(world.records)
            for _ in range(PACKETS):
                await world.in_branch(*request)
            named[f"{service}, {way}"] = [record["tunnel"] for record in world.records[earlier:]]
    await world.inner.set_learned_routes({LAN: ["gsa0"]})
    return named


async def _bgp(world: World) -> dict[str, Any]:
    """TCP 179 to the second BGP address, from the peer that both tunnels share."""
    listener = world.inner.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind((BGP_ADDRESSES[1], 179))
    listener.listen()
    client = world.branch.socket(socket.AF_INET, socket.SOCK_STREAM)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"br1")
    client.bind((PEER, 0))
    client.setblocking(False)
    async with asyncio.timeout(5):
        await asyncio.get_running_loop().sock_connect(client, (BGP_ADDRESSES[1], 179))
    accepted, remote = listener.accept()
    ways = [await world.in_inner("ip", "route", "get", PEER, "from", address) for address in BGP_ADDRESSES]
    for sock in (accepted, client, listener):
        sock.close()
    return {"accepted from": remote[0], "ways": ways}


async def _routing(world: World) -> dict[str, Any]:
    """Learned routes against covered ones, and of equal cost."""
    curl = ("curl", "-s", "-m", "1", "-o", "/dev/null", "-w", "%{http_code}", f"http://{BRANCH}/")
    result: dict[str, Any] = {"before": await world.in_branch(*curl)}
    await world.inner.set_learned_routes({LAN: ["gsa0", "gsa1"], LEARNED_INSIDE_COVERED: ["gsa1"]})
    result["learned"] = await world.in_branch(*curl)
    result["way"] = await world.way_to(BRANCH)
    result["equal cost"] = await world.in_inner("ip", "route", "show", "table", "local", str(LAN))
    await world.inner.set_learned_routes({LAN: ["gsa0"]})
    result["withdrawn"] = await world.in_branch(*curl)
    await world.inner.set_learned_routes({LAN: ["gsa0"], INTERNET.prefixes[0]: ["gsa1"]})
    result["same length"] = await world.in_branch(*curl)
    await world.inner.set_learned_routes({LAN: ["gsa0"]})
    return result


async def _speed() -> dict[str, float]:
    """Seconds to cover 600 prefixes and to let go of them."""
    prefixes = [IPv4Network((int(IPv4Address("100.64.0.0")) + 512 * number, 24)) for number in range(600)]
    spare = await InnerNamespace.create("spare")
    start = time.monotonic()
    await spare.set_covered(prefixes)
    middle = time.monotonic()
    await spare.set_covered([])
    await spare.close()
    return {"add": middle - start, "remove": time.monotonic() - middle}


async def _lifetime() -> dict[str, Any]:
    """A namespace goes with its descriptors: the outer end of a veth pair into it vanishes with it."""
    namespace = await InnerNamespace.create("short-lived")
    tun = await namespace.add_tun("gsa0", 1400, vnet_hdr=True)
    await command("ip", "link", "add", "witness", "type", "veth", "peer", "name", "inside")
    await command("ip", "link", "set", "inside", "netns", f"/proc/{os.getpid()}/fd/{namespace.fd}")
    links = await command(*namespace.enter_command(), "ip", "-o", "link")
    alive = "witness" in await command("ip", "-o", "link")
    await namespace.close()
    os.close(tun)
    for _ in range(100):  # the kernel takes namespaces down in the background
        if "witness" not in (outer := await command("ip", "-o", "link")):
            break
        await asyncio.sleep(0.05)
    return {"links": links, "alive": alive, "outer links": outer}


async def main() -> None:
    """Build two remote networks with the same addresses, probe, and print the findings."""
    shared = sys.argv[1:] == ["shared"]
    if shared:  # as `docker run --sysctl` does
        sysctl.write({**sysctl.ROUTING, **sysctl.MARKS, **CONNTRACK})
    world, twin = World("hq", SharedNamespace if shared else InnerNamespace), World("lab")
    await twin.build()  # before the other, whose devices may stay where all are made
    await world.build()
    findings: dict[str, Any] = {
        "services": await _services(world),
        "twin": json.loads(await twin.in_branch("curl", "-s", "-m", "5", f"http://{COVERED}/.json")),
    }
    findings["tunnels"] = await _tunnels(world)
    await world.inner.set_learned_routes({LAN: ["gsa0"], LEARNED_INSIDE_COVERED: ["gsa1"]})
    findings["silent"] = {name: await _drops_after(world, packet) for name, packet in _silent().items()}
    await world.inner.set_learned_routes({LAN: ["gsa0"]})
    findings["bgp"] = await _bgp(world)
    findings["routing"] = await _routing(world)
    findings["speed"] = await _speed()
    findings["sysctl"] = await world.in_inner(
        "sysctl", "net.ipv4.ip_forward", "net.ipv4.conf.gsa0.rp_filter", "net.ipv6.conf.gsa0.disable_ipv6"
    )
    await world.close()
    await twin.close()
    findings["lifetime"] = await _lifetime()
    json.dump(findings, sys.stdout)


asyncio.run(main())
