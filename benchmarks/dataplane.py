"""TCP through two userspace dataplanes, beside the same TCP over the bare veth pair.

    python -m benchmarks dataplane

Two namespaces on this machine, one TCP connection, a dataplane process on each side; AES-GCM-256 in UDP 4500
and as IP protocol 50, TUN devices with and without virtio-net headers. Everything shares the machine's cores,
so read the ratios, not the rates. Each case is measured several times, in turn, and the best run counts.
"""

import json
import os
from dataclasses import dataclass
from typing import NamedTuple

from tests.interop.dataplane_world import INNER_RIGHT, RIGHT, World, finish, pump, ready, world

SECONDS = 2.0
ROUNDS = 3


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    name: str
    tunnel: bool = True
    vnet_hdr: bool = True
    udp: bool = True
    segmentation: bool = True


CASES = (
    Case("bare veth, no tunnel", tunnel=False),
    Case("UDP 4500, no offloads", vnet_hdr=False, segmentation=False),
    Case("UDP 4500, UDP segmentation", vnet_hdr=False),
    Case("UDP 4500, UDP segmentation and vnet_hdr"),
    Case("protocol 50, vnet_hdr", udp=False),
)


class Result(NamedTuple):
    """One run: Mbit/s of TCP payload; microseconds of CPU per data packet, sending and receiving side."""

    rate: float
    send_cost: float = 0.0
    receive_cost: float = 0.0


def measure(case: Case) -> Result:
    """One run."""
    with world() as net:
        target = RIGHT
        if case.tunnel:
            target = INNER_RIGHT
            net.start(vnet_hdr=case.vnet_hdr, segmentation=case.segmentation)
            net.install(1, udp=case.udp)
        if not case.tunnel:
            return Result(transfer(net, target))
        before = net.left.state()["cpu_seconds"], net.right.state()["cpu_seconds"]
        rate = transfer(net, target)
        left, right = net.left.state(), net.right.state()
        packets = left["packets_out"] / 1e6
        costs = left["cpu_seconds"] - before[0], right["cpu_seconds"] - before[1]
        return Result(rate, costs[0] / packets, costs[1] / packets)


def transfer(net: World, target: str) -> float:
    """One TCP connection from left to right."""
    receiver = ready(net.right_namespace.start(*pump("tcp-receive", target, "unchecked")))
    sender = net.left_namespace.start(*pump("tcp-send", target, str(SECONDS), "unchecked"))
    finish(sender)
    result = json.loads(finish(receiver))
    return float(result["bytes"]) * 8e-6 / float(result["seconds"])


def main() -> None:
    """Run all cases and print the table."""
    best = dict.fromkeys(CASES, Result(0))
    for _ in range(ROUNDS):
        for case in CASES:
            best[case] = max(best[case], measure(case))
    veth, plain = best[CASES[0]].rate, best[CASES[1]].rate
    load = os.getloadavg()[0]
    print(f"TCP, best of {ROUNDS} times {SECONDS:g} s; {os.cpu_count()} cores, load {load:.1f}")
    print(f"{'':42}{'Mbit/s':>9}{'of veth':>9}{'x no offloads':>15}{'us/packet out':>15}{'in':>6}")
    for case, (rate, out, into) in best.items():
        ratios = f"{rate:9.0f}{rate / veth:9.1%}{rate / plain:15.2f}"
        print(f"{case.name:42}{ratios}{out:15.1f}{into:6.1f}" if case.tunnel else f"{case.name:42}{ratios}")


if __name__ == "__main__":
    main()
